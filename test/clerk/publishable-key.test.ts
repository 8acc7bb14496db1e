import { describe, expect, it } from "vitest";
import { readPublishableKey } from "../../src/clerk/publishable-key.js";
import { readConfig } from "../../src/config.js";

const keyOf = (text: string, kind = "test") => `pk_${kind}_${Buffer.from(text, "latin1").toString("base64")}`;

describe("a publishable key", () => {
  it.each([
    ["clerk.example.com", "live", false],
    ["steady-owl-12.clerk.accounts.dev", "test", true],
  ])("tells the host %s of a %s instance", (host, kind, development) => {
    expect(readPublishableKey(keyOf(`${host}$`, kind))).toEqual({ host, development });
  });

  it.each([
    "clerk.example.com",
    "$",
    "localhost$",
    "127.0.0.1$",
    "[::1]$",
    "2130706433$",
    "clerk.example.com:8443$",
    "clerk.example.com/path$",
    "clerk.example.com?x$",
    "clerk.example.com#$",
    "user@evil.example$",
    "evil.example\\.clerk.example.com$",
    "evil.example\nclerk.example.com$",
    "evil.example\0.com$",
    "evil.example $",
    "clérk.example.com$",
    "Clerk.example.com$",
    "-a.example.com$",
    "a..example.com$",
    ".example.com$",
    "example.com.$",
    `${"a".repeat(64)}.example.com$`,
    `${"a.".repeat(130)}com$`,
  ])("is none where it holds %j", (text) => {
    expect(readPublishableKey(keyOf(text))).toBeUndefined();
    expect(() => readConfig({ CLERK_PUBLISHABLE_KEY: keyOf(text) })).toThrow(/^CLERK_PUBLISHABLE_KEY takes/);
  });

  it.each(["", "pk_test_", "sk_test_YS5leGFtcGxlJA==", "pk_prod_YS5leGFtcGxlJA==", "pk_test_YS5leGFt-_cGxlJA=="])(
    "is none as %j",
    (key) => expect(readPublishableKey(key)).toBeUndefined(),
  );
});

describe("the Frontend API's settings", () => {
  const frontends = (environment: Record<string, string>) => Object.fromEntries(readConfig(environment).clerkFrontends);

  it("give each account the instance of its own key", () => {
    expect(
      frontends({
        CLERK_PUBLISHABLE_KEY: keyOf("clerk.example.com$", "live"),
        CLERK_PUBLISHABLE_KEY_WORK: keyOf("a.clerk.accounts.dev$"),
      }),
    ).toEqual({
      default: { url: "https://clerk.example.com", development: false },
      work: { url: "https://a.clerk.accounts.dev", development: true },
    });
    expect(frontends({})).toEqual({});
  });

  it.each([
    [{}, false],
    [{ CLERK_SECRET_KEY: "sk_test_x" }, true],
    [{ CLERK_SECRET_KEY: "sk_live_x" }, false],
    [{ CLERK_SECRET_KEY: "sk_test_x", CLERK_PUBLISHABLE_KEY: keyOf("clerk.example.com$", "live") }, false],
  ])("let another address win, with or without /v1: %j", (more, development) => {
    for (const url of ["http://127.0.0.1:4011", "http://127.0.0.1:4011/v1", "http://127.0.0.1:4011/"]) {
      expect(frontends({ CLERK_FRONTEND_API_URL: url, ...more })).toEqual({
        default: { url: "http://127.0.0.1:4011", development },
      });
    }
  });

  it.each([
    { CLERK_FRONTEND_API_URL: "https://clerk.example.com?x" },
    { CLERK_FRONTEND_API_URL: "https://clerk.example.com#x" },
    { CLERK_FRONTEND_API_URL: "https://user:pw@clerk.example.com" },
    { CLERK_FRONTEND_API_URL: "ftp://clerk.example.com" },
    { CLERK_PUBLISHABLE_KEY_WORK: "sk_test_secret" },
    { CLERK_PUBLISHABLE_KEY_DEFAULT: keyOf("clerk.example.com$") },
  ])("end the start with a sentence: %j", (environment) => {
    const [[name = "", value = ""] = []] = Object.entries(environment);
    expect(() => readConfig(environment)).toThrow(name);
    if (value.startsWith("sk_")) expect(() => readConfig(environment)).not.toThrow(value);
  });
});
