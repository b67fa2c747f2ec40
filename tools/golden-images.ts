// `npx tsx tools/golden-images.ts`: records counts and hashes of images of all programs anew.
import { recordGolden } from "../test/snapshot/golden.ts";

recordGolden();
