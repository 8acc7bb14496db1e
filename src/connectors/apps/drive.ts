import type { App } from "../app.js";
import { reading } from "./drive/reading.js";
import { sharing } from "./drive/sharing.js";
import { content, sources } from "./drive/sources.js";
import { triggers } from "./drive/triggers.js";
import { writing } from "./drive/writing.js";
import { GOOGLE_AUTHORIZE, GOOGLE_EMAIL, googleAccount } from "./google.js";

export const drive: App = {
  slug: "drive",
  title: "Google Drive",
  provider: "GOOGLE",
  scopes: [GOOGLE_EMAIL, "https://www.googleapis.com/auth/drive"],
  authorizeParams: GOOGLE_AUTHORIZE,
  account: googleAccount,
  sources,
  content,
  actions: [...reading, ...writing, ...sharing],
  triggers,
};
