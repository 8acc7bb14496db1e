import { catalogue } from "../../tools/catalogue.js";

/** The operations of the workspace itself, without those of the services that it reaches. */
export const ownOperations = catalogue.filter(({ toolset }) => !toolset.startsWith("clerk"));
