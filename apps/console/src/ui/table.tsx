import { createContext, useContext, type ReactNode } from 'react';

const Head = createContext<readonly string[]>([]);

interface TableProps {
  readonly head: readonly string[];
  readonly children: ReactNode;
  readonly label: string;
}

/** A table; on a narrow screen each row is a list of its cells with their titles. */
export function Table({ head, children, label }: TableProps) {
  return (
    <div className="overflow-x-auto" tabIndex={0} role="region" aria-label={label}>
      <table role="table" className="table w-full text-left text-sm">
        <thead role="rowgroup">
          <tr role="row" className="border-b border-line text-quiet">
            {head.map((title) => (
              <th
                key={title}
                role="columnheader"
                scope="col"
                className="py-1.5 pr-4 font-medium whitespace-nowrap"
              >
                {title}
              </th>
            ))}
          </tr>
        </thead>
        <tbody role="rowgroup">
          <Head value={head}>{children}</Head>
        </tbody>
      </table>
    </div>
  );
}

export function Row({ cells }: { readonly cells: readonly ReactNode[] }) {
  const head = useContext(Head);
  return (
    <tr role="row" className="border-b border-line last:border-0">
      {cells.map((cell, index) => (
        <td key={index} role="cell" data-title={head[index]} className="py-2 pr-4 align-top">
          <div>{cell}</div>
        </td>
      ))}
    </tr>
  );
}
