#!/usr/bin/env node
const { main } = await import("../dist/bundle/index.js");
process.exitCode = await main(process.argv.slice(2));
