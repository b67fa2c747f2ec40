/** The state of sockets in an image. */

import type { AnyLayout, ValueType } from "../../base/index.ts";
import { bytes, flag, int, lazyRef, list, mapOf, maybe, oneOf, struct, u32, whole, wholeOrInfinity } from "../../base/index.ts";
import { SOCK_DGRAM, SOCK_SEQPACKET, SOCK_STREAM } from "../abi/socket.ts";
import { fileFields, inodeFields, type FileLayout } from "./image-fields.ts";
import { OpenFile } from "./open-file.ts";
import { SocketFile, SocketInode, type Message, type SenderIdentity } from "./socket.ts";

const socket: ValueType<SocketFile> = lazyRef<SocketFile>(() => SocketFile);
const sender: ValueType<SenderIdentity> = struct({ pid: whole, uid: u32, gid: u32 });
const message: ValueType<Message> = struct({ bytes, start: int(), memory: int(), files: list(lazyRef<OpenFile>(() => OpenFile)), sender });

const socketInodeLayout: FileLayout<SocketInode> = { name: "socket-inode", type: SocketInode, fields: inodeFields, caches: {} };

const socketFileLayout: FileLayout<SocketFile> = {
  name: "socket",
  type: SocketFile,
  fields: {
    ...fileFields,
    type: oneOf(SOCK_STREAM, SOCK_DGRAM, SOCK_SEQPACKET),
    peer: maybe(socket, null),
    partner: maybe(socket, null),
    queue: list(message),
    unreceived: int(),
    sendBuffer: int(),
    receiveBuffer: int(),
    closed: int(0, 3),
    dead: flag,
    error: int(0, 4095),
    receiveTimeout: wholeOrInfinity,
    sendTimeout: wholeOrInfinity,
    passCredentials: flag,
    options: mapOf(int(), whole),
    maker: sender,
    changes: int(),
    arrivals: int(),
  },
  caches: {},
};

export const socketLayouts: readonly AnyLayout[] = [socketInodeLayout, socketFileLayout];
