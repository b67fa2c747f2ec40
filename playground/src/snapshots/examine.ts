// Questions about images, each to a Worker of its own that ends with the answer: what runs is not disturbed.
import type { Command, ImageComparison, ImageSummary, Report } from "../../../src/web/index.ts";

type Question = Extract<Command, { type: "describe" | "compare" }>;

function ask(question: Question): Promise<Report> {
  const worker = new Worker(new URL("../../../src/web/worker.ts", import.meta.url), { type: "module" });
  return new Promise<Report>((resolve, reject) => {
    worker.addEventListener("message", ({ data }: MessageEvent<Report>) => resolve(data));
    worker.addEventListener("error", (event) => {
      event.preventDefault();
      reject(new Error(`The image could not be looked at: ${event.message || "the worker could not be loaded"}.`));
    });
    worker.postMessage(question);
  }).finally(() => worker.terminate());
}

function refusal(report: Report): Error {
  return new Error("message" in report ? report.message : "The image could not be looked at.");
}

/** Rejects with a sentence for what is no image. */
export async function describeImage(image: Uint8Array<ArrayBuffer>): Promise<ImageSummary> {
  const report = await ask({ type: "describe", id: 0, image });
  if (report.type !== "described") throw refusal(report);
  return report;
}

/** Rejects with a sentence. */
export async function compareImages(first: Uint8Array<ArrayBuffer>, second: Uint8Array<ArrayBuffer>): Promise<ImageComparison> {
  const report = await ask({ type: "compare", id: 0, images: [first, second] });
  if (report.type !== "compared") throw refusal(report);
  return report;
}
