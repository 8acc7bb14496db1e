import { useEffect } from "preact/hooks";
import { CopyText } from "../parts/text.js";
import { remember } from "./return.js";

/** How to sign in, for somebody who is not. */
export function SignedOut() {
  useEffect(() => {
    if (location.pathname !== "/sign-in") remember(location.pathname + location.search);
  }, []);
  return (
    <div class="card narrow">
      <h2>Sign in to see this</h2>
      <p>This server has no passwords. You sign in with a link that works once.</p>
      <p>If you run the server, ask for a link in its terminal, and open it in this browser:</p>
      <CopyText text="clanker-mcp owner-link" label="The command" />
      <p>If somebody invited you, open the link they sent you. Links grow old: ask them for a new one if it did.</p>
    </div>
  );
}
