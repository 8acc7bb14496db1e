/** Methods beyond the protocol's own. */
export const EXTENSION_METHODS: readonly string[] = [];

/** What is told of them. */
export const EXTENSION_CAPABILITIES = {};
