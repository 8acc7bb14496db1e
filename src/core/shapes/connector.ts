import { z } from "zod";

/** How a workspace stands with an app. */
export const connectorView = z.object({
  app: z.string(),
  title: z.string(),
  connected: z.boolean(),
  status: z
    .enum(["connected", "not_connected", "refused", "unreadable"])
    .describe("refused: the provider no longer takes the connection; unreadable: what is stored was changed"),
  configured: z.boolean().describe("whether connect-connector can connect it"),
  source: z.enum(["oauth", "environment"]).optional().describe("environment: a token that the operator has set"),
  account: z.string().optional(),
  scopes: z.array(z.string()).optional(),
  expires_at: z.string().optional().describe("of the present token"),
  renews: z.boolean().optional().describe("whether the token is renewed by itself"),
  connected_at: z.string().optional(),
});

export type ConnectorView = z.output<typeof connectorView>;

/** The fields of something that an app gave, in the order in which they are read: the data stands between two marks. */
export const fencedFields = <Data extends z.ZodType>(data: Data) => ({
  source: z.object({ app: z.string(), account: z.string().optional() }),
  notice: z.string(),
  begin: z.string(),
  data,
  end: z.string(),
});

/** A repository, calendar, folder, database or label. */
export const sourceView = z.object({
  id: z.string(),
  name: z.string(),
  kind: z.string(),
  url: z.string().optional(),
  private: z.boolean().optional(),
});

/** One thing that can be done in an app. */
export const actionView = z.object({
  app: z.string(),
  action: z.string(),
  title: z.string(),
  description: z.string(),
  effect: z.enum(["read", "write", "destroy"]),
  scope: z.string(),
  input_schema: z.record(z.string(), z.unknown()),
});

export type ActionView = z.output<typeof actionView>;

/** Something that happens in an app. */
export const triggerView = z.object({
  id: z.string(),
  app: z.string(),
  trigger: z.string(),
  title: z.string(),
  description: z.string(),
  payload_schema: z.record(z.string(), z.unknown()),
});

export type TriggerView = z.output<typeof triggerView>;
