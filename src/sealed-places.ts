import { APP_SLUGS } from "./connectors/app.js";
import { sealedClientTokens } from "./clerk/client-tokens.js";
import { sealedByok } from "./services/byok.js";
import { sealedAuthorizations } from "./services/connectors/authorizations.js";
import { sealedConnections } from "./services/connectors/connections.js";
import { sealedIdempotencyAnswers } from "./services/idempotency.js";
import { sealedSecrets } from "./services/secrets.js";
import type { SealedPlace } from "./vault/rotate-data-key.js";

/** Everything that is kept sealed for a workspace: what a new data key has to seal anew. */
export const sealedPlaces = (workspace: number): readonly SealedPlace[] => [
  sealedSecrets(workspace),
  sealedByok(workspace),
  { ...sealedConnections(workspace), ids: APP_SLUGS },
  sealedAuthorizations(workspace),
  sealedClientTokens(workspace),
  sealedIdempotencyAnswers(workspace),
];
