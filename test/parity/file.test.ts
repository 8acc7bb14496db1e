import { join } from "node:path";
import { paritySuite } from "./suite.js";

paritySuite(async (home) => ({ address: `file:${join(home, "store.db")}`, close: async () => undefined }));
