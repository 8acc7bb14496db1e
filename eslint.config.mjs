import { defineConfig, globalIgnores } from "eslint/config";
import tseslint from "typescript-eslint";

const NO_ENVIRONMENT = {
  object: "process",
  property: "env",
  message: "Settings come from src/config.ts; only src/main.ts reads the environment.",
};

const PROJECTS = ["./tsconfig.json", "./src/faces/web/tsconfig.json"];

/** Whatever puts text into a page as markup, or acts outside what the pages' content policy allows. */
const MARKUP = [
  ...["dangerouslySetInnerHTML", "srcdoc", "srcDoc"].map((name) => `JSXAttribute[name.name="${name}"]`),
  ...["innerHTML", "outerHTML", "insertAdjacentHTML", "setHTMLUnsafe", "parseFromString"].map(
    (name) => `MemberExpression[property.name="${name}"]`,
  ),
  'MemberExpression[object.name="document"][property.name=/^writeln?$/]',
  'Property[key.name="dangerouslySetInnerHTML"]',
].map((selector) => ({ selector, message: "What is stored is shown as text, never as markup." }));

export default defineConfig(
  globalIgnores(["dist/", "dist.*/", ".test-tools/", "skills/", "test/snapshots/", "scripts/*/node_modules/"]),
  {
    files: ["**/*.ts", "**/*.tsx", "**/*.mjs"],
    extends: [tseslint.configs.recommendedTypeChecked],
    languageOptions: { parserOptions: { project: PROJECTS, tsconfigRootDir: import.meta.dirname } },
    linterOptions: { reportUnusedDisableDirectives: "error" },
    rules: {
      eqeqeq: "error",
      "max-lines": ["error", 400],
      "no-console": "error",
      "no-restricted-properties": ["error", NO_ENVIRONMENT],
      "@typescript-eslint/consistent-type-imports": "error",
      "@typescript-eslint/no-unused-vars": ["error", { argsIgnorePattern: "^_", ignoreRestSiblings: true }],
      "@typescript-eslint/switch-exhaustiveness-check": ["error", { considerDefaultExhaustiveForUnions: true }],
      // An async function that happens not to wait is how a driver or an operation keeps a promised interface.
      "@typescript-eslint/require-await": "off",
      // Factories answer plain objects whose methods do not use `this`.
      "@typescript-eslint/unbound-method": "off",
      "@typescript-eslint/restrict-template-expressions": ["error", { allowNumber: true, allowBoolean: true }],
    },
  },
  { files: ["src/main.ts", "scripts/**", "test/**", "*.ts"], rules: { "no-restricted-properties": "off" } },
  { files: ["scripts/**"], rules: { "no-console": "off" } },
  { files: ["src/faces/web/**"], rules: { "no-restricted-syntax": ["error", ...MARKUP] } },
  {
    // Tests and scripts look into JSON whose shape is what they are about to check.
    files: ["test/**", "scripts/**"],
    rules: {
      "@typescript-eslint/no-unsafe-argument": "off",
      "@typescript-eslint/no-unsafe-assignment": "off",
      "@typescript-eslint/no-unsafe-call": "off",
      "@typescript-eslint/no-unsafe-member-access": "off",
      "@typescript-eslint/no-unsafe-return": "off",
    },
  },
  { files: ["test/**"], rules: { "max-lines": ["error", 600] } },
);
