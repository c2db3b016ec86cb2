// Storage that counts: what a message costs is measured in rows.

/** The same storage; the rows that all statements have written and read are added up. */
export function counting(sql: SqlStorage): {
  sql: SqlStorage;
  rowsWritten: () => number;
  rowsRead: () => number;
} {
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
  return {
    sql: proxy,
    rowsWritten: () => cursors.reduce((sum, { rowsWritten }) => sum + rowsWritten, 0),
    rowsRead: () => cursors.reduce((sum, { rowsRead }) => sum + rowsRead, 0),
  };
}
