import { account } from "./clanker/account.js";
import { artifacts } from "./clanker/artifacts.js";
import { billing } from "./clanker/billing.js";
import { byok } from "./clanker/byok.js";
import { connectors } from "./clanker/connectors.js";
import { executions } from "./clanker/executions.js";
import { memory } from "./clanker/memory.js";
import { secrets } from "./clanker/secrets.js";
import { skills } from "./clanker/skills.js";
import { workflows } from "./clanker/workflows.js";
import { workspaces } from "./clanker/workspaces.js";
import { clerk } from "./clerk/catalogue.js";
import { frontend } from "./clerk/frontend.js";
import { health } from "./clerk/health.js";
import { raw } from "./clerk/raw.js";

/** Every operation of the server, in the order in which clients see them. */
export const catalogue = [
  ...skills,
  ...executions,
  ...artifacts,
  ...memory,
  ...billing,
  ...workflows,
  ...connectors,
  ...secrets,
  ...byok,
  ...workspaces,
  ...account,
  ...clerk,
  ...health,
  ...raw,
  ...frontend,
];
