import { randomUUID } from "node:crypto";
import { type Api, path } from "../../app.js";
import { ALL_DRIVES, FIELDS } from "./call.js";

interface Upload {
  /** The file to write anew; absent, one is created. */
  readonly id?: string;
  readonly metadata: Readonly<Record<string, unknown>>;
  readonly mimeType: string;
  readonly content: Uint8Array;
}

/** Sends a file's metadata and content in one request; answers the file. */
export function upload(api: Api, { id, metadata, mimeType, content }: Upload): Promise<unknown> {
  const boundary = randomUUID();
  const head =
    `--${boundary}\r\ncontent-type: application/json; charset=UTF-8\r\n\r\n${JSON.stringify(metadata)}\r\n` +
    `--${boundary}\r\ncontent-type: ${mimeType}\r\n\r\n`;
  return api.json({
    method: id === undefined ? "POST" : "PATCH",
    path: id === undefined ? "/upload/drive/v3/files" : path`/upload/drive/v3/files/${id}`,
    query: { uploadType: "multipart", fields: FIELDS, ...ALL_DRIVES },
    bytes: {
      content: Buffer.concat([Buffer.from(head), content, Buffer.from(`\r\n--${boundary}--`)]),
      mimeType: `multipart/related; boundary=${boundary}`,
    },
  });
}
