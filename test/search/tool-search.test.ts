import { describe, expect, it } from "vitest";
import type { AnyOperation } from "../../src/core/operation.js";
import { createRegistry } from "../../src/core/registry.js";
import { readSurface } from "../../src/core/surface.js";
import { SYNONYMS } from "../../src/search/synonyms.js";
import { createToolSearch } from "../../src/search/tool-search.js";
import { stem, wordsOf } from "../../src/search/words.js";
import type { Services } from "../../src/services/services.js";
import { catalogue } from "../../tools/catalogue.js";
import { clerk } from "../../tools/clerk/catalogue.js";
import { type Question, questions, unseen } from "./questions.js";

const registry = createRegistry<Services>([...new Set<AnyOperation<Services>>([...catalogue, ...clerk])]);
const search = createToolSearch(registry.entries);
const everything = registry.listTools(new Set(["*", "clerk:secrets"]));
const FIRST = 5;

const namesFor = async (question: string, tools = everything, limit = FIRST) =>
  (await search.rank(question, tools, limit)).map(({ operation }) => operation.tool);

async function missed(asked: readonly Question[]): Promise<string[]> {
  const answers = await Promise.all(asked.map(async (one) => ({ ...one, found: await namesFor(one.asked) })));
  return answers.filter(({ tool, found }) => !found.includes(tool)).map(({ tool, asked: text }) => `${tool}: ${text}`);
}

/** Words that mean nothing by themselves; a question may share them with its tool. */
const IGNORED = new Set("a an the of to in on at by for from with and or my our is are it its no not".split(" "));

describe("the questions", () => {
  it("are sixty for the index and some more, each for a tool that exists, none asked twice", () => {
    expect(questions).toHaveLength(60);
    const all = [...questions, ...unseen];
    expect(new Set(all.map(({ asked }) => asked)).size).toBe(all.length);
    expect(all.filter(({ tool }) => !registry.findTool(tool))).toEqual([]);
    const toolsets = new Set(questions.map(({ tool }) => registry.findTool(tool)?.operation.toolset));
    const ofClerk = registry.toolsets.filter((name) => name.startsWith("clerk-"));
    const withoutQuestion = ofClerk.filter((name) => !toolsets.has(name));
    expect(withoutQuestion.filter((name) => name !== "clerk-raw" && name !== "clerk-frontend")).toEqual([]);
  });

  it.each([...questions, ...unseen])("$asked: shares no word with its tool", ({ asked, tool }) => {
    const entry = registry.findTool(tool);
    const own = [tool, entry?.operation.title ?? "", ...Object.keys(entry?.inputSchema.properties ?? {})];
    const taken = new Set(own.flatMap(wordsOf));
    expect(wordsOf(asked).filter((word) => taken.has(word) && !IGNORED.has(word))).toEqual([]);
  });
});

describe("a search", () => {
  it("has the right tool among the first five for 55 of 60 questions in a layman's words", async () => {
    const misses = await missed(questions);
    expect(misses.length, misses.join("\n")).toBeLessThanOrEqual(5);
  });

  it("does as well for questions by which nothing was adjusted", async () => {
    const misses = await missed(unseen);
    expect(misses.length, misses.join("\n")).toBeLessThanOrEqual(2);
  });

  it("has a tool first that is asked for by its own name or title", async () => {
    const wrong: string[] = [];
    for (const { operation } of everything) {
      for (const text of [operation.tool ?? "", operation.title]) {
        const found = await namesFor(text, everything, 3);
        if (!found.includes(operation.tool)) wrong.push(`${text}: ${found.join(", ")}`);
      }
    }
    expect(wrong).toEqual([]);
  });

  it("finds by a parameter and by what is said of it", async () => {
    expect(await namesFor("ignore dots gmail")).toContain("update_instance_restrictions");
    expect(await namesFor("web3_wallet_identification_id")).toContain("delete_user_web3_wallet");
  });

  it("shows nothing but what it is given: scopes and surface are kept", async () => {
    const readOnly = registry.listTools(
      new Set(["clerk:read"]),
      readSurface({ toolsets: "clerk-users", readonly: "true" }, registry.toolsets),
    );
    const found = await search.rank("delete the user, revoke a session, read memory, list users", readOnly, 100);
    expect(found.length).toBeGreaterThan(0);
    expect(new Set(found.map(({ operation }) => `${operation.toolset} ${operation.effect}`))).toEqual(
      new Set(["clerk-users read"]),
    );
    expect(await namesFor("ban a user", [])).toEqual([]);
  });

  it("gives at most as many as asked for, in the same order every time", async () => {
    const three = await namesFor("user", everything, 3);
    expect(three).toHaveLength(3);
    expect((await namesFor("user", everything, 10)).slice(0, 3)).toEqual(three);
  });

  it.each(["", "   ", "the of to", "?!.,", "ß".repeat(1000), "x".repeat(1000), "__proto__ constructor", "\0\u202e"])(
    "takes %j without falling",
    async (question) => {
      expect(await namesFor(question)).toEqual(expect.any(Array));
    },
  );

  it("takes a long question in a moment", async () => {
    const started = performance.now();
    await namesFor("kick the person out of the team ".repeat(16).slice(0, 500));
    expect(performance.now() - started).toBeLessThan(500);
  });
});

describe("the synonyms", () => {
  const indexed = new Set(
    registry.entries.flatMap(({ operation, inputSchema }) =>
      wordsOf(`${operation.tool ?? ""} ${operation.title} ${operation.description} ${JSON.stringify(inputSchema)}`).map(
        stem,
      ),
    ),
  );

  it("mean words that tools have", () => {
    const meant = SYNONYMS.flatMap(([, text]) => text.split(", ").flatMap(wordsOf));
    expect(meant.filter((word) => word !== "in" && !indexed.has(stem(word)))).toEqual([]);
  });

  it("say nothing twice in a row, and weigh between 0 and 1", () => {
    for (const [said, meant, weight = 1] of SYNONYMS) {
      for (const list of [said.split(", "), meant.split(", ")]) expect(new Set(list).size, said).toBe(list.length);
      expect(weight > 0 && weight <= 1, said).toBe(true);
    }
  });
});

describe("a word", () => {
  it.each([
    ["companies", "company"],
    ["queuing", "queue"],
    ["registered", "register"],
    ["logging", "log"],
    ["logged", "log"],
    ["stopped", "stop"],
    ["addresses", "address"],
    ["created", "create"],
    ["paying", "pay"],
    ["metadata", "metadata"],
    ["rotates", "rotating"],
  ])("%s is found by %s", (one, other) => {
    expect(stem(one)).toBe(stem(other));
  });

  it.each([
    ["status", "stat"],
    ["access", "acces"],
    ["ring", "r"],
    ["need", "ne"],
    ["bus", "bu"],
  ])("%s is not cut to %s", (word, cut) => {
    expect(stem(word)).not.toBe(cut);
  });

  it("is a part of a name too", () => {
    expect(wordsOf("blocksAfter user_id list-skills e-mail Sign-up O'Neil customer's")).toEqual(
      "blocks after user id list skills email sign up oneil customer".split(" "),
    );
  });
});
