import { useEffect, useState } from "preact/hooks";
import { Failure } from "../api.js";
import { Field, Form } from "../parts/form.js";
import { go, usePlace } from "../place.js";
import { useAround } from "../session.js";
import { SignedOut } from "../shell/signed-out.js";
import { recall } from "../shell/return.js";
import type { Session } from "../types.js";

/** Takes the one-time token out of the address, where it would stay in the browser's history. */
function useToken(): string | undefined {
  usePlace();
  const [token, setToken] = useState<string>();
  useEffect(() => {
    const take = () => {
      const found = new URLSearchParams(location.hash.slice(1)).get("token");
      if (found === null) return;
      setToken(found);
      history.replaceState(null, "", location.pathname);
    };
    take();
    // The same tab may be given another link.
    addEventListener("hashchange", take);
    return () => removeEventListener("hashchange", take);
  }, []);
  return token;
}

/**
 * Signs in with the link of a terminal or an invitation. A button is pressed first: a link that somebody else sends
 * must not sign anybody into their account unseen.
 */
export function SignIn() {
  const { api, standing, signIn } = useAround();
  const token = useToken();
  const [name, setName] = useState<string>();
  const submit = async () => {
    try {
      const session = await api.send<Session>("POST", "/api/v1/sign-in", { token, ...(name && { name: name.trim() }) });
      signIn(session);
      go(recall(), "replace");
    } catch (thrown) {
      const wantsName = thrown instanceof Failure && thrown.code === "INVALID_INPUT" && thrown.field === "name";
      if (wantsName && name === undefined) return setName("");
      throw thrown;
    }
  };
  const signedIn = standing.kind === "signed-in" ? standing.session : undefined;
  if (token === undefined) {
    return (
      <>
        <h1>Sign in</h1>
        {signedIn ? (
          <p>
            You are signed in as {signedIn.person.name}. Go to <a href="/">the overview</a>.
          </p>
        ) : (
          <SignedOut />
        )}
      </>
    );
  }
  return (
    <>
      <h1>Sign in</h1>
      <div class="card narrow">
        {name === undefined ? (
          <>
            <h2>Use this link?</h2>
            <p>
              It works once and signs this browser in. Only go on if you asked for the link yourself, or somebody you
              know invited you.
            </p>
            {signedIn && (
              <p>
                You are signed in as {signedIn.person.name}. An invitation adds its workspace to yours; a link of
                somebody else signs you in as them.
              </p>
            )}
          </>
        ) : (
          <>
            <h2>Welcome</h2>
            <p>You were invited. How should the others see you?</p>
          </>
        )}
        <Form submit={submit} button={name === undefined ? "Sign in" : "Join the workspace"}>
          {name !== undefined && (
            <Field label="Your name" value={name} set={setName} required autocomplete="name" maxLength={100} />
          )}
        </Form>
      </div>
    </>
  );
}
