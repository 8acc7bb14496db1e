import { z } from "zod";
import type { Api } from "../app.js";
import { answered } from "./answered.js";

/** What the authorize page needs so that access outlives the hour, also for an account that agreed before. */
export const GOOGLE_AUTHORIZE = { access_type: "offline", prompt: "consent" } as const;

/** The scope that tells whose account it is. */
export const GOOGLE_EMAIL = "https://www.googleapis.com/auth/userinfo.email";

/** The e-mail address of whose token it is. */
export async function googleAccount(api: Api): Promise<string> {
  return answered(z.object({ email: z.string() }), await api.json({ path: "/oauth2/v2/userinfo" })).email;
}
