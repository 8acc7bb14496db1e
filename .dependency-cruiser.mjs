// Who may import whom. `scripts/imports.mjs` checks it.
const BUILT_IN = "core";

/**
 * A folder that may import what matches one of `to`, Node's own modules where `builtIn`, and nothing else.
 *
 * @param {string} name
 * @param {string} comment
 * @param {{ from: string, fromNot?: string[], to: string[], builtIn?: boolean }} rule
 */
function only(name, comment, { from, fromNot = [], to, builtIn = true }) {
  return {
    name,
    comment,
    severity: "error",
    from: { path: from, ...(fromNot.length > 0 ? { pathNot: fromNot } : {}) },
    to: { pathNot: to, ...(builtIn ? { dependencyTypesNot: [BUILT_IN] } : {}) },
  };
}

/**
 * A package that only these places may import, in whatever way.
 *
 * @param {string} name
 * @param {string[]} packages
 * @param {string[]} places
 */
function packageOnlyIn(name, packages, places) {
  return {
    name,
    comment: `${packages.join(", ")}: only in ${places.join(", ")}.`,
    severity: "error",
    from: { pathNot: places },
    to: { path: packages.map((dependency) => `^node_modules/${dependency}(/|$)`) },
  };
}

/**
 * What may be named in types but not run.
 *
 * @param {string} name
 * @param {string} from
 * @param {string[]} to
 */
function typesOnly(name, from, to) {
  return {
    name,
    comment: "Take its types only (import type); what runs is an argument.",
    severity: "error",
    from: { path: from },
    to: { path: to, dependencyTypesNot: ["type-only"] },
  };
}

/** @param {string[]} names */
const packages = (...names) => names.map((name) => `^node_modules/${name}/`);
const STORE_PORT = ["^src/store/(port|atomic|walk)\\.ts$"];

export default {
  forbidden: [
    {
      name: "no-cycles",
      comment: "Two modules that need each other are one module, or miss a third.",
      severity: "error",
      from: {},
      to: { circular: true },
    },
    {
      name: "resolvable",
      comment: "Every import must be found.",
      severity: "error",
      from: {},
      to: { couldNotResolve: true },
    },
    {
      name: "no-tests-in-the-program",
      comment: "Tests and scripts know the program, not the other way round.",
      severity: "error",
      from: { path: "^(src|tools)/" },
      to: { path: "^(test|scripts)/" },
    },
    {
      name: "no-development-packages",
      comment: "What an installed package does not bring cannot be imported.",
      severity: "error",
      from: { path: "^(src|tools)/", pathNot: ["^src/faces/web/"] },
      to: { dependencyTypes: ["npm-dev", "npm-no-pkg", "npm-unknown"], dependencyTypesNot: ["type-only"] },
    },
    only("core-knows-nobody", "core imports zod only.", {
      from: "^src/core/",
      to: ["^src/core/", ...packages("zod")],
      builtIn: false,
    }),
    only("services-know-core-and-the-store", "services import core and the store's port.", {
      from: "^src/services/",
      to: [
        "^src/(core|services|clerk|connectors)/",
        "^src/vault/(vault|sealed-texts)\\.ts$",
        ...STORE_PORT,
        ...packages("zod", "yaml", "@marcbachmann/cel-js"),
      ],
    }),
    typesOnly("services-take-types", "^src/services/", ["^src/(clerk|connectors|vault)/"]),
    only("outgoing-knows-core", "What leaves this process knows core, undici and the ranges of addresses.", {
      from: "^src/outgoing/",
      to: ["^src/(core|outgoing)/", ...packages("undici", "ipaddr\\.js")],
    }),
    only("connectors-know-core-and-the-way-out", "The apps import core, the way out, and what reads and writes mail.", {
      from: "^src/connectors/",
      to: ["^src/(core|connectors|outgoing)/", ...packages("zod", "nodemailer", "htmlparser2")],
    }),
    only("clerk-knows-core", "The Clerk clients import core, Clerk's SDK and, for tokens, the vault and the store.", {
      from: "^src/clerk/",
      to: [
        "^src/(core|clerk|outgoing)/",
        "^src/vault/(vault|sealed-texts)\\.ts$",
        ...STORE_PORT,
        ...packages("@clerk/[^/]+", "zod"),
      ],
    }),
    typesOnly("clerk-takes-vault-types", "^src/clerk/", ["^src/vault/"]),
    only("search-knows-core", "The tool search imports core and the search library.", {
      from: "^src/search/",
      to: ["^src/(core|search)/", ...packages("minisearch")],
    }),
    only("store-knows-core", "The store imports core's errors and log, and its drivers' packages.", {
      from: "^src/store/",
      to: [
        "^src/store/",
        "^src/core/(errors|log)\\.ts$",
        ...packages("keyv", "@keyv/redis", "redis", "libsql", "rate-limiter-flexible"),
      ],
    }),
    only("vault-knows-core-and-the-store", "The vault imports core, the store's port and the settings' error.", {
      from: "^src/vault/",
      to: ["^src/(core|vault)/", "^src/config\\.ts$", ...STORE_PORT],
    }),
    only("queue-knows-core-and-the-store", "The queue imports core, the store's port, BullMQ and redis.", {
      from: "^src/queue/",
      to: ["^src/(core|queue)/", ...STORE_PORT, ...packages("bullmq", "redis")],
    }),
    only(
      "runner-knows-core-and-services",
      "The runner imports core, the services, the ports, the way out and the AI SDK.",
      {
        from: "^src/runner/",
        to: [
          "^src/(core|runner|services|outgoing)/",
          "^src/queue/port\\.ts$",
          ...STORE_PORT,
          ...packages("ai", "@ai-sdk/[^/]+", "undici", "zod"),
        ],
      },
    ),
    only("tools-know-core-and-services", "An operation's definition imports core and the services' types.", {
      from: "^tools/",
      to: ["^tools/", "^src/(core|services)/", "^src/connectors/", ...packages("zod", "@clerk/backend")],
      builtIn: false,
    }),
    typesOnly("tools-take-types", "^tools/", ["^src/services/", "^node_modules/@clerk/"]),
    only("faces-know-core-and-the-catalogue", "A face imports core, the catalogue and the services' types.", {
      from: "^src/faces/",
      fromNot: ["^src/faces/web/"],
      to: ["^src/(core|faces|services)/", "^src/config\\.ts$", "^tools/", ...packages("[^/]+", "@[^/]+/[^/]+")],
    }),
    typesOnly("faces-take-types", "^src/faces/", ["^src/services/", "^src/config\\.ts$"]),
    only("pages-run-in-a-browser", "The pages import themselves, Preact, core's types and its list of scopes.", {
      from: "^src/faces/web/",
      to: ["^src/faces/web/", "^src/core/", ...packages("preact")],
      builtIn: false,
    }),
    typesOnly("pages-take-types", "^src/faces/web/", ["^src/core/(?!(scopes|visible)\\.ts$)"]),
    {
      name: "no-face-knows-another",
      comment: "A face imports itself and what lies directly in src/faces, never another face.",
      severity: "error",
      from: { path: "^src/faces/([^/]+)/" },
      to: { path: "^src/faces/[^/]+/", pathNot: ["^src/faces/$1/"] },
    },
    {
      name: "wiring-stays-outside",
      comment:
        "What lies directly in src wires the rest together, and the commands what they need; nobody else imports main.ts or compose.ts.",
      severity: "error",
      from: { pathNot: ["^src/[^/]+\\.ts$", "^src/commands/", "^(test|scripts)/"] },
      to: { path: "^src/(main|compose)\\.ts$" },
    },
    packageOnlyIn("express-in-the-rest-face", ["express"], ["^src/faces/rest/", "^src/faces/http\\.ts$", "^test/"]),
    packageOnlyIn("mcp-sdk-in-the-mcp-face", ["@modelcontextprotocol/[^/]+"], ["^src/faces/mcp/", "^(test|scripts)/"]),
    packageOnlyIn(
      "redis-in-store-and-queue",
      ["redis", "@keyv/redis"],
      ["^src/store/redis[^/]*\\.ts$", "^src/queue/", "^test/"],
    ),
    packageOnlyIn("preact-in-the-pages", ["preact"], ["^src/faces/web/"]),
    packageOnlyIn("bullmq-in-the-queue", ["bullmq"], ["^src/queue/", "^test/"]),
    packageOnlyIn("ai-sdk-in-the-runner", ["ai", "@ai-sdk/[^/]+"], ["^src/runner/", "^test/"]),
    packageOnlyIn(
      "clerk-sdk-in-the-clerk-folder",
      ["@clerk/[^/]+"],
      ["^src/clerk/", "^tools/clerk/", "^scripts/bench/", "^test/"],
    ),
    packageOnlyIn("libsql-in-the-store", ["libsql"], ["^src/store/", "^test/"]),
    packageOnlyIn("program-packages-outside-the-folders", ["pino"], ["^src/[^/]+\\.ts$", "^test/"]),
    packageOnlyIn("commander-in-the-commands", ["commander"], ["^src/main\\.ts$", "^src/commands/", "^test/"]),
  ],
  options: {
    doNotFollow: { path: "^node_modules/" },
    // Programs of the tests, each with a lockfile of its own.
    exclude: { path: "^scripts/[^/]+/node_modules/" },
    tsPreCompilationDeps: true,
    enhancedResolveOptions: {
      exportsFields: ["exports"],
      conditionNames: ["import", "node", "default", "types"],
      mainFields: ["module", "main", "types"],
    },
  },
};
