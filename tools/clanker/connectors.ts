import { actions } from "./connectors/actions.js";
import { browserSide } from "./connectors/browser.js";
import { connections } from "./connectors/connections.js";
import { sources } from "./connectors/sources.js";

/** The apps that a workspace can be connected to. */
export const connectors = [...connections, ...sources, ...actions, ...browserSide];
