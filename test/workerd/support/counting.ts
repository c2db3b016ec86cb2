// Storage that counts: what a message costs is measured in rows written.

/** The same storage; every statement's rows written are added up. */
export function counting(sql: SqlStorage): { sql: SqlStorage; rowsWritten: () => number } {
  const cursors: SqlStorageCursor<Record<string, SqlStorageValue>>[] = [];
  const proxy = new Proxy(sql, {
    get(target, name) {
      if (name !== "exec") return Reflect.get(target, name, target);
      return (query: string, ...bindings: SqlStorageValue[]) => {
        const cursor = target.exec(query, ...bindings);
        cursors.push(cursor);
        return cursor;
      };
    },
  });
  return { sql: proxy, rowsWritten: () => cursors.reduce((sum, { rowsWritten }) => sum + rowsWritten, 0) };
}
