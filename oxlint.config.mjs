// The rules of the rooms (ARCHITECTURE.md), derived from one list: a room imports only rooms above it, and only through their index.ts.
// TypeScript's project references refuse the same imports; the sentences here say why.

/** Rooms from the bottom of the stack to the top, each with the rooms it may import. */
const imports = {
  base: [],
  wasm: ["base"],
  memory: ["base"],
  cpu: ["base", "wasm", "memory"],
  loader: ["base", "memory"],
  linux: ["base", "memory", "loader"],
  machine: ["base", "memory", "cpu", "loader", "linux"],
  snapshot: ["base", "memory", "cpu", "loader", "linux", "machine"],
  debug: ["base", "memory", "cpu", "loader", "linux", "machine", "snapshot"],
  node: ["base", "linux", "machine", "snapshot", "debug"],
  web: ["base", "memory", "cpu", "linux", "machine", "snapshot", "debug"],
  cli: ["base", "memory", "cpu", "loader", "linux", "machine", "snapshot", "debug", "node"],
};
const rooms = Object.keys(imports);
/** Rooms whose future depends on state and inputs only. */
const core = ["base", "wasm", "memory", "cpu", "loader", "linux", "machine", "snapshot", "debug"];

const door = {
  group: rooms.flatMap((room) => [`**/../${room}/**`, `!**/../${room}/index.ts`]),
  message: "Another room is entered through its index.ts only.",
};
const noNode = { regex: "^node:", message: "node: belongs to src/node and src/cli; the core is given the outside through Inputs." };

const determinism = "The machine's future depends on its state and its inputs only: take it from Inputs or from state.";
const bannedGlobals = [
  "Date",
  "Intl",
  "console",
  "globalThis",
  "performance",
  "process",
  "setTimeout",
  "setInterval",
  "queueMicrotask",
  "crypto",
  "Buffer",
  "eval",
];
const inexact = [
  "acos",
  "acosh",
  "asin",
  "asinh",
  "atan",
  "atan2",
  "atanh",
  "cbrt",
  "cos",
  "cosh",
  "exp",
  "expm1",
  "hypot",
  "log",
  "log10",
  "log1p",
  "log2",
  "pow",
];
const inexactTrig = ["sin", "sinh", "tan", "tanh"];

function roomRules(room) {
  const refused = rooms.filter((other) => other !== room && !imports[room].includes(other));
  const upward = {
    regex: `^(\\.\\./)+(${refused.join("|")})/`,
    message: `${room} imports ${imports[room].length ? `only ${imports[room].join(", ")}` : "no other room"} (ARCHITECTURE.md).`,
  };
  const patterns = [upward, door];
  if (core.includes(room)) patterns.push(noNode);
  return {
    files: [`src/${room}/**/*.ts`],
    rules: { "no-restricted-imports": ["error", { patterns }] },
  };
}

export default {
  plugins: ["typescript", "unicorn", "oxc", "import", "promise"],
  categories: { correctness: "error" },
  ignorePatterns: ["dist/**", "programs/**", "**/*.d.ts"],
  rules: {
    "import/no-cycle": "error",
    "import/no-self-import": "error",
    "import/no-default-export": "error",
    "typescript/no-explicit-any": "error",
    "typescript/consistent-type-imports": "error",
    "typescript/no-unnecessary-type-assertion": "error",
    "no-var": "error",
    "prefer-const": "error",
    eqeqeq: ["error", "always", { null: "ignore" }],
    // A body's branches are called `then`; nothing here is awaited.
    "unicorn/no-thenable": "off",
    "unicorn/no-new-array": "off",
    "typescript/no-misused-spread": "off",
  },
  overrides: [
    ...rooms.map(roomRules),
    {
      files: ["playground/src/**"],
      rules: {
        "no-restricted-imports": [
          "error",
          {
            patterns: [
              {
                group: ["**/src/*/**", "!**/src/web/index.ts"],
                message: "The page talks with the Worker in messages; src/web/index.ts has their types.",
              },
            ],
          },
        ],
      },
    },
    {
      files: core.map((room) => `src/${room}/**/*.ts`),
      rules: {
        "no-restricted-globals": ["error", ...bannedGlobals.map((name) => ({ name, message: determinism }))],
        "no-restricted-properties": [
          "error",
          { object: "Math", property: "random", message: determinism },
          ...[...inexact, ...inexactTrig].map((property) => ({ object: "Math", property, message: "Its last bit differs between hosts." })),
        ],
        "no-console": "error",
        "import/no-nodejs-modules": "off",
      },
    },
    { files: ["vitest.config.ts", "playground/vite.config.ts", "oxlint.config.mjs"], rules: { "import/no-default-export": "off" } },
  ],
};
