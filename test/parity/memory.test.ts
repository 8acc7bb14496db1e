import { paritySuite } from "./suite.js";

paritySuite(async () => ({ address: "memory:", close: async () => undefined }));
