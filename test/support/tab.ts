interface Cookie {
  readonly name: string;
  readonly value: string;
  readonly path: string;
}

/** A browser's window as far as redirects and cookies go; each has cookies of its own. */
export interface Tab {
  /** Fetches an address as a navigation does, with the cookies that belong there; follows nothing. */
  open(url: string): Promise<{ status: number; location: string; page: string; headers: Headers }>;
  /** Set-Cookie headers as they came. */
  readonly set: readonly string[];
}

/** A window without cookies. */
export function openTab(): Tab {
  const cookies: Cookie[] = [];
  const set: string[] = [];
  return {
    set,
    async open(url) {
      const { pathname } = new URL(url);
      const sent = cookies.filter(({ path }) => pathname.startsWith(path)).map(({ name, value }) => `${name}=${value}`);
      const headers: Record<string, string> = sent.length > 0 ? { cookie: sent.join("; ") } : {};
      const answer = await fetch(url, { redirect: "manual", headers });
      for (const header of answer.headers.getSetCookie()) {
        set.push(header);
        const [, name = "", value = ""] = /^([^=]+)=([^;]*)/.exec(header) ?? [];
        cookies.push({ name, value, path: /; Path=([^;]*)/.exec(header)?.[1] ?? "/" });
      }
      const location = answer.headers.get("location") ?? "";
      return { status: answer.status, location, page: await answer.text(), headers: answer.headers };
    },
  };
}

/** Clicks a person's button on an emulator's consent page; answers where the provider sends the browser then. */
export async function agreeAs(who: string, authorizeUrl: string): Promise<string> {
  const page = await (await fetch(authorizeUrl)).text();
  const forms = page.match(/<form[^]*?<\/form>/g) ?? [];
  const form = forms.find((candidate) => candidate.includes(`value="${who}"`));
  if (form === undefined) throw new Error(`no button for ${who} on: ${page.slice(0, 2000)}`);
  const fields = [...form.matchAll(/name="([^"]+)" value="([^"]*)"/g)].map(
    ([, name = "", value = ""]): [string, string] => [name, plain(value)],
  );
  const action = new URL(plain(/action="([^"]+)"/.exec(form)?.[1] ?? ""), authorizeUrl);
  const answer = await fetch(action, { method: "POST", body: new URLSearchParams(fields), redirect: "manual" });
  return answer.headers.get("location") ?? "";
}

const plain = (text: string) => text.replaceAll("&amp;", "&").replaceAll("&quot;", '"').replaceAll("&#39;", "'");
