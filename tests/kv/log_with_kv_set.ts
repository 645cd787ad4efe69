/** A log as a crash leaves it: with one commit that sets a key. */

import { encodeValue, encodeValueRecord, NEVER_EXPIRES } from "../../lib/kv/mod.ts";
import type { KeyValue } from "../../lib/backend/key_value.ts";
import { checkValue } from "../../lib/backend/value_input.ts";
import { logPath } from "../../lib/v3/engine.ts";
import { HeaderFile } from "../../lib/v3/header_file.ts";
import { LogBuffer } from "../../lib/v3/log_buffer.ts";
import { LogFile } from "../../lib/v3/log_file.ts";
import { encodeLogRecord, type LogRecord } from "../../lib/v3/log_record.ts";
import { realFileSystem } from "../../lib/v3/real_file_system.ts";
import { RECORD_TYPE } from "../../lib/v3/record_type.ts";

/** Puts a log with the next commit beside a closed database. */
export function logWithKvSet(path: string, key: string, value: KeyValue): void {
  const file = realFileSystem.open(path, "read");
  const { header } = new HeaderFile(file, path);
  file.close();
  const lsn = header.lsn + 1;
  const { lsnCeiling, fileSeed, timeMs, nextNodeId, nextEdgeId } = header;
  const log = LogFile.create(realFileSystem, logPath(path), { baseLsn: header.lsn, lsnCeiling, fileSeed });
  const buffer = new LogBuffer();
  const record = encodeValueRecord(encodeValue(checkValue(value)), timeMs, timeMs, NEVER_EXPIRES, lsn);
  const records: LogRecord[] = [
    { type: RECORD_TYPE.KvSet, key: new TextEncoder().encode(key), value: record },
    { type: RECORD_TYPE.TransactionCommit, timeMs, nextNodeId, nextEdgeId },
  ];
  for (const entry of records) {
    buffer.begin(entry.type);
    buffer.writeBytes(encodeLogRecord(entry));
    buffer.end();
  }
  buffer.seal(0, buffer.length, lsn, header.lsn, log.salt);
  log.append(buffer.bytes, 0, buffer.length);
  log.sync();
  log.close();
}
