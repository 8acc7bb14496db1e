import { defineFor } from "../src/core/operation.js";
import type { Services } from "../src/services/services.js";

/** Defines one operation over the service layer: see `Operation` for what each field means. */
export const define = defineFor<Services>();
