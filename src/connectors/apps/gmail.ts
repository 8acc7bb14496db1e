import type { App } from "../app.js";
import { reading } from "./gmail/reading.js";
import { sorting } from "./gmail/sorting.js";
import { content, sources } from "./gmail/sources.js";
import { triggers } from "./gmail/triggers.js";
import { writing } from "./gmail/writing.js";
import { GOOGLE_AUTHORIZE, GOOGLE_EMAIL, googleAccount } from "./google.js";

export const gmail: App = {
  slug: "gmail",
  title: "Gmail",
  provider: "GOOGLE",
  scopes: [GOOGLE_EMAIL, "https://www.googleapis.com/auth/gmail.modify"],
  authorizeParams: GOOGLE_AUTHORIZE,
  account: googleAccount,
  sources,
  content,
  actions: [...reading, ...writing, ...sorting],
  triggers,
};
