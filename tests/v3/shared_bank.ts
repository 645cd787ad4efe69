/** A bank whose books must balance in every state: accounts as nodes, as keys, and as edges that move with the money. */

import type { GraphBackend, GraphTransaction } from "../../lib/backend/graph_backend.ts";
import type { GraphReader } from "../../lib/backend/graph_reader.ts";

/** Money in each account at the beginning. */
export const START_BALANCE = 100;
/** Makes records large enough that a small cache holds only some of them. */
const PADDING = "x".repeat(300);

/** Number of the account whose node has an id. */
const keyOf = (id: number): string => `balance:${id}`;

/** Opens the accounts: node ids are 1 to `accounts`, each with an edge to the next one. */
export function openAccounts(db: GraphBackend, accounts: number): void {
  db.transaction((tx) => {
    for (let account = 1; account <= accounts; account++) {
      const id = tx.insertNode({ kind: "Account", name: `a${account}`, data: { balance: START_BALANCE, PADDING } });
      tx.kv.set(keyOf(id), START_BALANCE);
    }
    for (let account = 1; account <= accounts; account++) {
      tx.insertEdge({ from: account, to: account % accounts + 1, type: "OWES", data: { PADDING } });
    }
  });
}

/** Moves money, and an edge with it: one is deleted and another inserted. */
export function transfer(tx: GraphTransaction, from: number, to: number, amount: number): void {
  for (const [id, change] of [[from, -amount], [to, amount]] as const) {
    const { balance } = tx.requireNode(id).data as { balance: number };
    tx.updateNode(id, { data: { balance: balance + change, PADDING } });
    tx.kv.set(keyOf(id), balance + change);
  }
  const [edge] = tx.edgesOf(from, { data: false });
  if (edge !== undefined) tx.deleteEdge(edge.id);
  tx.insertEdge({ from: to, to: from, type: "OWES", data: { amount, PADDING } });
  if (edge === undefined) tx.insertEdge({ from, to, type: "OWES" });
}

/** What is wrong with the books; undefined when nothing is. Reads every node, edge and key. */
export function faultOf(graph: GraphReader, accounts: number): string | undefined {
  let money = 0;
  let leaving = 0;
  let entering = 0;
  let count = 0;
  const balances = new Map<number, number>();
  for (const { id, data } of graph.nodes({ kind: "Account" })) {
    const { balance } = data as unknown as { balance: number };
    balances.set(id, balance);
    money += balance;
    count++;
    leaving += graph.degree(id);
    entering += graph.degree(id, { direction: "in" });
    if (graph.kv.get(keyOf(id)) !== balance) return `account ${id} has ${balance}, its key ${graph.kv.get(keyOf(id))}`;
  }
  if (count !== accounts) return `${count} of ${accounts} accounts`;
  if (money !== accounts * START_BALANCE) return `${money} of ${accounts * START_BALANCE} in all`;
  const edges = graph.countEdges();
  if (leaving !== edges || entering !== edges) return `${leaving} leave, ${entering} enter, of ${edges} edges`;
  let keys = 0;
  for (const { value } of graph.kv.scan({ prefix: "balance:" })) keys += value as number;
  if (keys !== money) return `the keys hold ${keys} of ${money}`;
  let listed = 0;
  for (const { from, to } of graph.edges({ data: false })) {
    listed++;
    if (listed % 7 === 0 && !graph.neighbors(from).includes(to)) return `${to} is no neighbour of ${from}`;
  }
  return listed === edges ? undefined : `${listed} of ${edges} edges are listed`;
}
