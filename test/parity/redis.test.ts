import { startRedis } from "../support/redis.js";
import { paritySuite } from "./suite.js";

paritySuite(async () => {
  const redis = await startRedis();
  return { address: redis.url, close: () => redis.stop() };
});
