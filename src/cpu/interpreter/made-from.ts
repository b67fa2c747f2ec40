/** Digest of the sources that the interpreter's modules are made from. A build puts it here (`tools/interpreter-stamp.js`); "": not known. */
export const madeFrom: string = "";
