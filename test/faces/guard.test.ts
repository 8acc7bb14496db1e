import { describe, expect, it } from "vitest";
import { createGuard, type GuardOptions } from "../../src/faces/guard.js";

const PUBLIC: GuardOptions = {
  host: "192.168.1.5",
  publicUrl: "https://clanker.example/base",
  allowedHosts: ["inner.example", "proxy.example:9000", "tls.example:443", "[2001:db8::7]"],
  allowedOrigins: [
    "https://app.example",
    "http://dev.example:3000",
    "https://tls.example:443",
    "vscode-webview://panel",
  ],
};

/** The code that a request is refused with, or "passed". */
function judge(options: GuardOptions, headers: readonly (readonly [string, string])[], url = "/mcp", method = "POST") {
  const { refusal, preflight } = createGuard(options)({ method, url, rawHeaders: headers.flat() });
  return refusal?.code ?? (preflight ? "preflight" : "passed");
}

const byHost = (options: GuardOptions, host: string, url?: string) => judge(options, [["Host", host]], url);
const byOrigin = (options: GuardOptions, origin: string) =>
  judge(options, [
    ["Host", "localhost"],
    ["Origin", origin],
  ]);

describe("P07: a Host", () => {
  it.each(["localhost", "LocalHost:1", "localhost:8787", "127.0.0.1", "127.0.0.1:65535", "[::1]", "[::1]:8787"])(
    "of this machine passes on any port: %s",
    (host) => {
      expect(byHost({}, host)).toBe("passed");
      expect(byHost(PUBLIC, host)).toBe("passed");
    },
  );

  it.each([
    "192.168.1.5",
    "192.168.1.5:8787",
    "clanker.example",
    "CLANKER.example:443",
    "inner.example",
    "inner.example:1234",
    "proxy.example:9000",
    "tls.example",
    "tls.example:443",
    "[2001:db8::7]",
    "[2001:DB8::7]:80",
  ])("that the settings name passes: %s", (host) => {
    expect(byHost(PUBLIC, host)).toBe("passed");
    expect(byHost({}, host)).toBe("HOST_REFUSED");
  });

  it.each([
    "evil.example",
    "evil.example:80@localhost",
    "localhost@evil.example",
    "user:password@localhost",
    "@localhost",
    "localhost.evil.example",
    "evil-localhost",
    "localhost.",
    "clanker.example.",
    "sub.clanker.example",
    "clanker.example:8443",
    "clanker.example:80",
    "proxy.example",
    "proxy.example:9001",
    "tls.example:80",
    "localhost:",
    "localhost:http",
    "localhost:-1",
    "localhost:123456",
    "localhost:80:80",
    "localhost, evil.example",
    "localhost evil.example",
    "localhost/",
    "localhost/../evil.example",
    "localhost?x",
    "localhost#x",
    "localhost\\evil.example",
    "http://localhost",
    "local%68ost",
    "localhost%00",
    "localhost\u0000",
    "l\u00f6calhost",
    "0.0.0.0",
    "127.1",
    "127.0.0.1.evil.example",
    "2130706433",
    "0x7f.1",
    "::1",
    "[::1",
    "[::1]x",
    "[::1].evil.example",
    "[0:0:0:0:0:0:0:1]",
    "[::ffff:127.0.0.1]",
    "[::1%25lo]",
    "192.168.1.50",
    "*",
    "",
    " ",
  ])("that is none of the server's is refused: %j", (host) => {
    expect(byHost(PUBLIC, host)).toBe("HOST_REFUSED");
  });

  it("is wanted, once, and no other header stands in for it", () => {
    const forwarded = ["X-Forwarded-Host", "localhost"] as const;
    for (const options of [{}, PUBLIC]) {
      expect(judge(options, [])).toBe("HOST_REFUSED");
      expect(judge(options, [forwarded, ["Forwarded", "host=localhost"]])).toBe("HOST_REFUSED");
      expect(judge(options, [["Host", "evil.example"], forwarded])).toBe("HOST_REFUSED");
      expect(
        judge(options, [
          ["Host", "localhost"],
          ["X-Forwarded-Host", "evil.example"],
        ]),
      ).toBe("passed");
      expect(
        judge(options, [
          ["Host", "localhost"],
          ["hOST", "localhost"],
        ]),
      ).toBe("HOST_REFUSED");
      expect(
        judge(options, [
          ["Host", "localhost"],
          ["HOST", "evil.example"],
        ]),
      ).toBe("HOST_REFUSED");
    }
  });

  it("in the request line counts as much as the header", () => {
    expect(byHost({}, "localhost", "http://localhost:8787/mcp")).toBe("passed");
    expect(byHost(PUBLIC, "localhost", "https://clanker.example/mcp")).toBe("passed");
    for (const url of ["http://evil.example/mcp", "http://evil.example:80@localhost/mcp", "http://[::1/", "http:///"]) {
      expect(byHost(PUBLIC, "localhost", url)).toBe("HOST_REFUSED");
    }
    expect(byHost({}, "evil.example", "http://localhost/mcp")).toBe("HOST_REFUSED");
    expect(byHost({}, "localhost", "*")).toBe("passed");
  });

  it("may be the listening address as clients write it", () => {
    expect(byHost({ host: "0:0:0:0:0:0:0:5" }, "[::5]:8787")).toBe("passed");
    expect(byHost({ host: "Box.Lan" }, "box.lan:8787")).toBe("passed");
  });

  it("of the public URL has that URL's port", () => {
    const options = { publicUrl: "http://clanker.example:8080" };
    expect(byHost(options, "clanker.example:8080")).toBe("passed");
    expect(byHost(options, "clanker.example")).toBe("HOST_REFUSED");
    expect(byHost({ publicUrl: "http://clanker.example" }, "clanker.example:80")).toBe("passed");
    expect(byHost({ publicUrl: "https://[2001:db8::1]" }, "[2001:db8::1]:443")).toBe("passed");
  });
});

describe("P07: an Origin", () => {
  it.each([
    "http://localhost",
    "https://localhost:3000",
    "http://127.0.0.1:8787",
    "http://[::1]:6274",
    "https://clanker.example",
    "https://app.example",
    "http://dev.example:3000",
    "https://tls.example",
    "vscode-webview://panel",
  ])("that may call the server passes: %s", (origin) => {
    expect(byOrigin(PUBLIC, origin)).toBe("passed");
  });

  it.each([
    "null",
    "",
    "https://evil.example",
    "http://clanker.example",
    "https://clanker.example:8443",
    "https://clanker.example/",
    "https://clanker.example.evil.example",
    "https://evil.example/https://clanker.example",
    "https://sub.app.example",
    "http://app.example",
    "https://app.example:444",
    "http://dev.example",
    "http://localhost.evil.example",
    "http://localhost@evil.example",
    "http://evil.example@localhost",
    "http://localhost:3000/path",
    "http://localhost:",
    "http://localhost https://evil.example",
    "http://localhost, http://localhost",
    "ftp://localhost",
    "file://",
    "localhost",
    "//localhost",
    "chrome-extension://abcdef",
    "http://0.0.0.0:8787",
    "http://192.168.1.5:8787",
  ])("that may not is refused: %j", (origin) => {
    expect(byOrigin(PUBLIC, origin)).toBe("ORIGIN_REFUSED");
  });

  it("is not wanted, but there is one at most", () => {
    const host = ["Host", "localhost"] as const;
    expect(judge({}, [host])).toBe("passed");
    expect(judge({}, [host, ["Origin", "http://localhost"], ["origin", "http://localhost"]])).toBe("ORIGIN_REFUSED");
  });

  it("is looked at after the method and the Host", () => {
    const foreign = [
      ["Host", "evil.example"],
      ["Origin", "https://evil.example"],
    ] as const;
    expect(judge({}, foreign)).toBe("HOST_REFUSED");
    expect(judge({}, foreign, "/mcp", "TRACE")).toBe("METHOD_NOT_ALLOWED");
  });

  it("that passes is told so by name, and a browser's question is answered", () => {
    const guard = createGuard(PUBLIC);
    const from = (origin: string, method = "POST", asked: readonly string[] = []) =>
      guard({ method, url: "/mcp", rawHeaders: ["Host", "localhost", "Origin", origin, ...asked] });
    const asked = ["Access-Control-Request-Method", "DELETE"];
    const allowed = from("https://app.example");
    expect(allowed.headers).toMatchObject({
      "access-control-allow-origin": "https://app.example",
      "access-control-expose-headers": expect.stringContaining("mcp-session-id"),
      vary: "origin",
    });
    const preflight = from("https://app.example", "OPTIONS", asked);
    expect(preflight.preflight).toBe(true);
    expect(preflight.headers).toMatchObject({
      "access-control-allow-origin": "https://app.example",
      "access-control-allow-methods": expect.stringContaining("DELETE"),
      "access-control-allow-headers": expect.stringMatching(/x-api-key.*mcp-session-id/),
    });
    for (const name of ["x-auth-token", "x-workspace-id", "x-permission-grant", "x-clerk-account", "idempotency-key"]) {
      expect(preflight.headers["access-control-allow-headers"]?.split(", ")).toContain(name);
    }
    for (const name of ["idempotency-replayed", "x-ratelimit-remaining", "retry-after", "x-request-id"]) {
      expect(allowed.headers["access-control-expose-headers"]?.split(", ")).toContain(name);
    }
    // No page of another origin speaks for a person: their cookie's proof is not among them.
    expect(preflight.headers["access-control-allow-headers"]).not.toContain("x-csrf-token");
    for (const { headers } of [allowed, preflight]) {
      expect(JSON.stringify(headers)).not.toMatch(/\*|credentials/);
    }
    for (const refused of [from("https://evil.example"), from("https://evil.example", "OPTIONS", asked)]) {
      expect(refused).toEqual({ headers: {}, refusal: expect.objectContaining({ code: "ORIGIN_REFUSED" }) });
    }
    expect(from("https://app.example", "OPTIONS").preflight).toBeUndefined();
  });
});

describe("P07: a refusal", () => {
  it("names what to change, and what was sent, on one line", () => {
    const refusalOf = (...rawHeaders: string[]) => createGuard({})({ method: "GET", url: "/", rawHeaders }).refusal;
    expect(refusalOf("Host", "clanker.lan:8787")?.message).toMatch(
      /^This server does not go by "clanker\.lan:8787"; .*CLANKER_PUBLIC_URL or CLANKER_ALLOWED_HOSTS\.$/,
    );
    expect(refusalOf()?.message).toContain("CLANKER_ALLOWED_HOSTS");
    expect(refusalOf("Host", "localhost", "Origin", "https://app.example")?.message).toMatch(
      /^Web pages of "https:\/\/app\.example" may not call this server; .*CLANKER_ALLOWED_ORIGINS\.$/,
    );
    expect(refusalOf("Host", `x\r\n${"y".repeat(500)}`)?.message).toMatch(/^[^\r\n]{1,250}$/);
  });

  it("of a method that no door takes names those that some do", () => {
    for (const method of ["TRACE", "CONNECT", "PROPFIND", "get", ""]) {
      const { refusal, headers } = createGuard({})({ method, url: "/", rawHeaders: ["Host", "localhost"] });
      expect([refusal?.code, headers]).toEqual([
        "METHOD_NOT_ALLOWED",
        { allow: "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS" },
      ]);
    }
  });
});
