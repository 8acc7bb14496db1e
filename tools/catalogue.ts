import { account } from "./clanker/account.js";
import { activation } from "./clanker/activation.js";
import { artifacts } from "./clanker/artifacts.js";
import { billing } from "./clanker/billing.js";
import { connectors } from "./clanker/connectors.js";
import { consents } from "./clanker/consent.js";
import { executions } from "./clanker/executions.js";
import { keys } from "./clanker/keys.js";
import { memory } from "./clanker/memory.js";
import { signIn } from "./clanker/sign-in.js";
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
  ...keys,
  ...account,
  ...signIn,
  ...workspaces,
  ...activation,
  ...consents,
  ...clerk,
  ...health,
  ...raw,
  ...frontend,
];
