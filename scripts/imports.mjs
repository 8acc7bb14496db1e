// Checks who imports whom against .dependency-cruiser.mjs.
import { cruise, format } from "dependency-cruiser";
import extractTSConfig from "dependency-cruiser/config-utl/extract-ts-config";
import rules from "../.dependency-cruiser.mjs";

/** A parser that cannot read TypeScript finds no modules, and no modules break no rule. */
const FEWEST_MODULES = 30;

const { forbidden, options } = rules;
const { output } = await cruise(
  ["src", "tools", "scripts", "test"],
  /** @type {import("dependency-cruiser").ICruiseOptions} */ ({ ...options, validate: true, ruleSet: { forbidden } }),
  {},
  { tsConfig: extractTSConfig("tsconfig.json") },
);
if (typeof output === "string") throw new Error("dependency-cruiser answered a text instead of its findings.");

const report = await format(output, { outputType: "err-long" });
console.log(/** @type {string} */ (report.output).trim());
const own = output.modules.filter(({ source }) => /^(src|tools)\/.+\.ts$/.test(source));
if (own.length <= FEWEST_MODULES)
  console.log(`Only ${own.length} modules were read; something is wrong with this check.`);
process.exitCode = report.exitCode > 0 || own.length <= FEWEST_MODULES ? 1 : 0;
