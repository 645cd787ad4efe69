/**
 * Payload of a node: u8 length and UTF-8 of the kind, u8 length and UTF-8 of the name, then its data as JSON text to the end.
 *
 * The reference writes lengths modulo 256, and its updates write the JSON alone. What can be told apart is read as it was meant.
 */

/** What a payload is. */
export type PayloadForm =
  /** As it should be. */
  | "whole"
  /** Kind or name of 256 bytes or more, whose length was cut: read with the only length that fits. */
  | "long-text"
  /** The JSON of an update, which dropped kind and name. */
  | "data-only"
  /** Kind and name can be read, the data is no JSON. */
  | "bad-data"
  /** Not even kind and name can be read. */
  | "unreadable";

/** The parts of a payload. */
export interface NodePayload {
  readonly form: PayloadForm;
  /** Empty where it was dropped or cannot be read. */
  readonly kind: string;
  /** Empty where it was dropped or cannot be read. */
  readonly name: string;
  /** JSON text; `{}` where there is none that can be read. */
  readonly dataText: string;
  /** Whether bytes of kind or name are no UTF-8: U+FFFD stands for them. */
  readonly isTextDamaged: boolean;
}

const STRICT_UTF8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
const LOSSY_UTF8 = new TextDecoder("utf-8", { ignoreBOM: true });

const BRACE_OPEN = 0x7b;
const BRACE_CLOSE = 0x7d;
/** A longer text would leave no room for anything else in a payload of 32,767 bytes. */
const MAX_TEXT_BYTES = 0x8000;

/** Reads the payload in `bytes[start, end)`. Hot. */
export function readNodePayload(bytes: Uint8Array, start: number, end: number): NodePayload {
  const kindEnd = start < end ? start + 1 + (bytes[start] as number) : Infinity;
  const nameEnd = kindEnd < end ? kindEnd + 1 + (bytes[kindEnd] as number) : Infinity;
  if (nameEnd <= end) {
    const dataText = readJson(bytes, nameEnd, end);
    if (dataText !== undefined) return payloadOf("whole", bytes, start, kindEnd, nameEnd, dataText);
  }
  const only = readJson(bytes, start, end);
  if (only !== undefined) return { form: "data-only", kind: "", name: "", dataText: only, isTextDamaged: false };
  const long = readLongTexts(bytes, start, end);
  if (long !== undefined) return long;
  if (nameEnd <= end) return payloadOf("bad-data", bytes, start, kindEnd, nameEnd, "{}");
  if (kindEnd <= end) {
    const kind = decodeText(bytes, start + 1, kindEnd);
    return {
      form: "unreadable",
      kind,
      name: "",
      dataText: "{}",
      isTextDamaged: isDamaged(bytes, start + 1, kindEnd, kind),
    };
  }
  return { form: "unreadable", kind: "", name: "", dataText: "{}", isTextDamaged: false };
}

function payloadOf(
  form: PayloadForm,
  bytes: Uint8Array,
  start: number,
  kindEnd: number,
  nameEnd: number,
  dataText: string,
): NodePayload {
  const kind = decodeText(bytes, start + 1, kindEnd);
  const name = decodeText(bytes, kindEnd + 1, nameEnd);
  const isTextDamaged = isDamaged(bytes, start + 1, kindEnd, kind) || isDamaged(bytes, kindEnd + 1, nameEnd, name);
  return { form, kind, name, dataText, isTextDamaged };
}

/** The JSON text in bytes, or undefined when they are none. Most data is `{}`, and most other is small. */
export function readJson(bytes: Uint8Array, start: number, end: number): string | undefined {
  if (end - start === 2 && bytes[start] === BRACE_OPEN && bytes[start + 1] === BRACE_CLOSE) return "{}";
  if (start >= end) return undefined;
  try {
    const text = STRICT_UTF8.decode(bytes.subarray(start, end));
    JSON.parse(text);
    return text;
  } catch {
    return undefined;
  }
}

/** Whether a text is JSON. */
export function isJson(text: string): boolean {
  if (text === "{}") return true;
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

/** Short texts of ASCII, as nearly all are, take a fifth of the time that a decoder's call takes. Hot. */
const SHORT_TEXT = 24;

/** The text of bytes; U+FFFD stands for those that are no UTF-8. */
export function decodeText(bytes: Uint8Array, start: number, end: number): string {
  if (end - start <= SHORT_TEXT) {
    let text = "";
    let at = start;
    for (; at < end; at++) {
      const byte = bytes[at] as number;
      if (byte >= 128) break;
      text += String.fromCharCode(byte);
    }
    if (at === end) return text;
  }
  return LOSSY_UTF8.decode(bytes.subarray(start, end));
}

/** Whether a decoded text stands for bytes that are no UTF-8. */
export function isDamaged(bytes: Uint8Array, start: number, end: number, text: string): boolean {
  if (!text.includes("\ufffd")) return false;
  try {
    STRICT_UTF8.decode(bytes.subarray(start, end));
    return false;
  } catch {
    return true;
  }
}

/** Reads kind and name with lengths that are larger by multiples of 256, when the rest is JSON then. */
function readLongTexts(bytes: Uint8Array, start: number, end: number): NodePayload | undefined {
  if (end - start < 256 || end - start > 2 * MAX_TEXT_BYTES || !mayEndJson(bytes[end - 1] as number)) return undefined;
  for (let kindEnd = start + 1 + (bytes[start] as number); kindEnd < end; kindEnd += 256) {
    for (let nameEnd = kindEnd + 1 + (bytes[kindEnd] as number); nameEnd < end; nameEnd += 256) {
      // Only objects and arrays: a number or the end of a text would fit too easily.
      const first = bytes[nameEnd];
      if (first !== BRACE_OPEN && first !== 0x5b) continue;
      const dataText = readJson(bytes, nameEnd, end);
      if (dataText === undefined) continue;
      const payload = payloadOf("long-text", bytes, start, kindEnd, nameEnd, dataText);
      if (!payload.isTextDamaged) return payload;
    }
  }
  return undefined;
}

function mayEndJson(byte: number): boolean {
  return byte === BRACE_CLOSE || byte === 0x5d;
}

/**
 * Where the JSON value that begins at `start` ends, judged by its brackets alone; -1 when it does not end before `end`, or a byte
 * occurs that compact JSON does not have. Only objects and arrays, since only they are longer than 32 KiB in practice.
 */
export function jsonEnd(bytes: Uint8Array, start: number, end: number): number {
  let depth = 0;
  for (let at = start; at < end; at++) {
    const byte = bytes[at] as number;
    if (byte < 0x20) return -1;
    if (byte === 0x22) {
      for (at++; at < end && bytes[at] !== 0x22; at++) {
        if ((bytes[at] as number) < 0x20) return -1;
        if (bytes[at] === 0x5c) at++;
      }
    } else if (byte === BRACE_OPEN || byte === 0x5b) depth++;
    else if (byte === BRACE_CLOSE || byte === 0x5d) {
      if (--depth === 0) return at + 1;
    }
    if (depth <= 0) return -1;
  }
  return -1;
}
