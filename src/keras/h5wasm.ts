import type { Metadata as FullMetadata } from 'h5wasm';

/** What a dataset or an attribute is, in h5wasm's words. */
export type Metadata = FullMetadata;

type TypeClass = 'H5T_INTEGER' | 'H5T_FLOAT' | 'H5T_STRING' | 'H5T_OPAQUE' | 'H5T_ENUM' | 'H5T_COMPOUND';

/** The part of h5wasm's module that reads. Functions that answer with a number say failure with one below zero. */
export interface H5Module {
  HEAPU8: Uint8Array<ArrayBuffer>;
  _malloc(bytes: number): number;
  _free(pointer: number): void;
  UTF8ToString(pointer: number): string;
  H5T_class_t: Record<TypeClass, { value: number }>;
  H5G_GROUP: number;
  H5G_DATASET: number;
  FS: {
    writeFile(path: string, data: Uint8Array): void;
    unlink(path: string): void;
    lookupPath(path: string): { node: MemoryNode };
  };
  open(path: string): bigint;
  close_file(file: bigint): number;
  get_names(file: bigint, path: string, recursive: boolean): string[];
  get_type(file: bigint, path: string): number;
  get_symbolic_link(file: bigint, path: string): string | null;
  get_external_link(file: bigint, path: string): { filename?: string };
  get_attribute_names(file: bigint, path: string): string[];
  get_attribute_metadata(file: bigint, path: string, name: string): Metadata;
  get_attribute_data(file: bigint, path: string, name: string, pointer: bigint): number;
  reclaim_vlen_memory(file: bigint, path: string, name: string, pointer: bigint): number;
  get_dataset_metadata(file: bigint, path: string): Metadata;
  get_dataset_filters(file: bigint, path: string): { id: number; name: string }[];
  get_dataset_data(
    file: bigint,
    path: string,
    count: bigint[] | null,
    offset: bigint[] | null,
    strides: bigint[] | null,
    pointer: bigint,
  ): number;
}

/** WebAssembly's own memory, which Node's types leave out. */
export interface WebAssemblyGlobal {
  WebAssembly: { Memory: { prototype: { buffer: ArrayBuffer; grow(pages: number): number } } };
}

/** A file of emscripten's in-memory file system. */
export interface MemoryNode {
  usedBytes: number;
  stream_ops: Record<string, unknown> & { read: MemoryRead };
}

/** Reads up to `length` bytes at `position` into `buffer` at `offset`; answers with how many it read. */
export type MemoryRead = (
  stream: unknown,
  buffer: Int8Array | Uint8Array,
  offset: number,
  length: number,
  position: number,
) => number;
