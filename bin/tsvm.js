#!/usr/bin/env node
// Until somebody listens for SIGUSR1 Node opens its inspector on it; nothing is loaded before this.
const signals = { usr1: 0 };
process.on("SIGUSR1", () => signals.usr1++);
const { main } = await import("../dist/bundle/index.js");
process.exitCode = await main(process.argv.slice(2), signals);
