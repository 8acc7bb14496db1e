import { createHmac, timingSafeEqual } from "node:crypto";
import type { RequestOrigin } from "../core/authenticate.js";
import type { Caller } from "../core/caller.js";
import type { ArtifactView } from "../core/shapes/artifact.js";

/** How a caller gets at an artifact's bytes without a key. */
export interface DownloadLink {
  readonly url: string;
  /** Absent for a link that does not expire, such as a local file's. */
  readonly expires_at?: string;
}

/** Makes links to artifacts; over HTTP they are signed and expire, over stdio they are local files. */
export interface Links {
  download(workspace: number, artifact: ArtifactView, content: Uint8Array): Promise<DownloadLink>;
}

const LIFETIME_MS = 15 * 60_000;
const LINK_SCOPES: ReadonlySet<string> = new Set(["workspace:files:read"]);

export interface SignedLinks extends Links {
  /** The caller that a valid link stands for: may read that one path in its workspace; undefined for any other link. */
  caller(path: string, query: URLSearchParams, origin: RequestOrigin): Caller | undefined;
}

/** Links signed with HMAC-SHA256 over path, workspace and expiry; every process with the same secret takes them. */
export function createSignedLinks(options: {
  secret: Uint8Array;
  publicUrl: () => string;
  now: () => number;
}): SignedLinks {
  const { secret, publicUrl, now } = options;
  const sign = (path: string, workspace: string, expires: string): Buffer =>
    createHmac("sha256", secret).update(`${path}\n${workspace}\n${expires}`).digest();
  return {
    download(workspace, artifact) {
      const path = `/api/v1/artifacts/${artifact.id}/download`;
      const expires = now() + LIFETIME_MS;
      const signature = sign(path, String(workspace), String(expires)).toString("base64url");
      const query = new URLSearchParams({ workspace: String(workspace), expires: String(expires), signature });
      return Promise.resolve({
        url: `${publicUrl()}${path}?${query.toString()}`,
        expires_at: new Date(expires).toISOString(),
      });
    },
    caller(path, query, origin) {
      const workspace = query.get("workspace") ?? "";
      const expires = query.get("expires") ?? "";
      const given = Buffer.from(query.get("signature") ?? "", "base64url");
      const right = sign(path, workspace, expires);
      if (given.length !== right.length || !timingSafeEqual(given, right) || Number(expires) <= now()) return undefined;
      return { ...origin, kind: "link", workspace: Number(workspace), person: 0, scopes: LINK_SCOPES };
    },
  };
}
