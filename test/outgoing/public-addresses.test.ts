import type { LookupAddress } from "node:dns";
import { Agent, buildConnector, request } from "undici";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { guarded, isPublicAddress, type Resolve } from "../../src/outgoing/public-addresses.js";
import { listen, type Listening } from "../support/listening.js";

describe("a public address (P17)", () => {
  it.each([
    ["this machine", ["127.0.0.1", "127.255.255.254", "::1", "0.0.0.0", "::"]],
    ["private networks", ["10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.1.1", "fc00::1", "fd12::1", "fec0::1"]],
    ["the local link", ["169.254.1.1", "fe80::1", "fe80::1%eth0"]],
    ["clouds' metadata", ["169.254.169.254", "fd00:ec2::254", "100.100.100.200", "192.0.0.192", "168.63.129.16"]],
    ["carriers' own networks", ["100.64.0.1", "100.127.255.254"]],
    ["IPv4 within IPv6", ["::ffff:127.0.0.1", "::ffff:7f00:1", "::ffff:10.0.0.1", "::127.0.0.1", "::7f00:1"]],
    [
      "translated and tunnelled IPv4",
      ["64:ff9b::7f00:1", "64:ff9b::a00:1", "64:ff9b:1::1", "2002:7f00:1::", "2001::1"],
    ],
    ["groups and everybody", ["224.0.0.1", "255.255.255.255", "ff02::1"]],
    ["what is reserved", ["240.0.0.1", "192.0.2.1", "198.18.0.1", "203.0.113.9", "2001:db8::1", "100::1", "4000::1"]],
    ["what is no address", ["", "localhost", "1.2.3", "1.2.3.4.5", "[::1]", "0x7f000001x"]],
  ])("is none of %s", (_, addresses) => {
    expect(addresses.filter(isPublicAddress)).toEqual([]);
  });

  it("is one of the open internet, in whatever notation", () => {
    const addresses = ["1.1.1.1", "140.82.112.5", "2606:4700::1111", "::ffff:1.1.1.1", "64:ff9b::101:101"];
    expect(addresses.filter((address) => !isPublicAddress(address))).toEqual([]);
  });
});

describe("a guarded connection (P17)", () => {
  let server: Listening;
  let reached = 0;
  beforeAll(async () => {
    server = await listen((_, response) => {
      reached += 1;
      response.end("secret");
    });
  });
  afterAll(() => server.stop());

  const port = () => new URL(server.url).port;

  const fetchThrough = async (url: string, resolve?: Resolve, isPublic?: (address: string) => boolean) => {
    const options = { ...(resolve && { resolve }), ...(isPublic && { isPublic }) };
    const dispatcher = new Agent({ connect: guarded(buildConnector, options) });
    try {
      return await (await request(url, { dispatcher })).body.text();
    } finally {
      await dispatcher.destroy();
    }
  };
  const refused = expect.objectContaining({ code: "ACCESS_DENIED" }) as Error;

  it.each([
    "127.0.0.1",
    "localhost",
    "[::1]",
    "[::ffff:127.0.0.1]",
    "0",
    "0.0.0.0",
    "2130706433",
    "0x7f000001",
    "0177.0.0.1",
    "127.1",
    "127.0.0.1.",
    "LOCALHOST",
    "１２７.０.０.１",
  ])("does not reach http://%s", async (host) => {
    reached = 0;
    await expect(fetchThrough(`http://${host}:${port()}/`)).rejects.toThrow(refused);
    expect(reached).toBe(0);
  });

  it.each(["http://169.254.169.254/latest/meta-data/", "https://[fd00:ec2::254]/", "http://10.0.0.1/"])(
    "does not reach %s, and does not try to",
    async (url) => {
      const started = performance.now();
      await expect(fetchThrough(url)).rejects.toThrow(refused);
      expect(performance.now() - started).toBeLessThan(1000);
    },
  );

  const answers = (...addresses: LookupAddress[][]): Resolve => {
    let asked = 0;
    return (_hostname, _options, callback) => callback(null, addresses[Math.min(asked++, addresses.length - 1)] ?? []);
  };
  const loopback = { address: "127.0.0.1", family: 4 };
  const open = { address: "1.1.1.1", family: 4 };

  it("does not reach a public name that resolves to a private address", async () => {
    await expect(fetchThrough(`http://rebind.example:${port()}/`, answers([loopback]))).rejects.toThrow(refused);
  });

  it("refuses a name as soon as one of its addresses is private", async () => {
    await expect(fetchThrough(`http://rebind.example:${port()}/`, answers([open, loopback]))).rejects.toThrow(refused);
  });

  it("looks at a name again for each connection, and connects to nothing but what it looked at", async () => {
    const resolve = answers([{ address: "127.0.0.2", family: 4 }], [loopback]);
    const dispatcher = new Agent({
      connect: guarded(buildConnector, { resolve, isPublic: (address) => address === "127.0.0.2" }),
      keepAliveTimeout: 1,
    });
    const url = `http://rebind.example:${port()}/`;
    const first = await request(url, { dispatcher, reset: true }).then(
      ({ body }) => body.text(),
      (thrown: NodeJS.ErrnoException) => thrown.code,
    );
    // Nobody listens on 127.0.0.2: what matters is that it was tried, and 127.0.0.1 never.
    expect(first).toBe("ECONNREFUSED");
    reached = 0;
    await expect(request(url, { dispatcher })).rejects.toThrow(refused);
    expect(reached).toBe(0);
    await dispatcher.destroy();
  });

  it("reaches what is public", async () => {
    const resolve = answers([loopback]);
    expect(await fetchThrough(`http://open.example:${port()}/`, resolve, () => true)).toBe("secret");
  });

  it("says so where a name does not resolve", async () => {
    const resolve: Resolve = (_hostname, _options, callback) =>
      callback(Object.assign(new Error("no"), { code: "ENOTFOUND" }), []);
    await expect(fetchThrough("http://nowhere.example/", resolve)).rejects.toMatchObject({ code: "ENOTFOUND" });
  });
});
