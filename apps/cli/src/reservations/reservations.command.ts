import type { LimitState, Reservation } from '@sundial/contract';
import type { Command } from 'commander';
import type { Cli } from '../command/cli.js';
import { amountsOption, type Reason, unitsOption, withReason } from '../command/options.js';
import { amountsText, limitsTable, subjectText } from '../command/words.js';
import { table } from '../terminal/table.js';

interface Answer {
  readonly reservation: Reservation;
  readonly limits: readonly LimitState[];
}

interface CommitOptions {
  readonly amount?: number;
  readonly amounts?: Readonly<Record<string, number>>;
}

/** `sundial reservations`: look at one, and end it where its program can't. */
export function addReservations(program: Command, cli: Cli): void {
  const reservations = program.command('reservations').description('look at a reservation, and end it');
  reservations
    .command('get')
    .description('one, as it stands')
    .argument('<id>', 'as the decision named it')
    .action(
      cli.action(async ({ args: [id = ''], service, print }) => {
        const answer = await service.get<Answer>(pathOf(id), 'caller');
        print(answer, () => reservationText(answer));
      }),
    );
  reservations
    .command('commit')
    .description('count it: as held, or what was really used')
    .argument('<id>', 'as the decision named it')
    .option('--amount <n>', 'units that were used (default: as held)', unitsOption)
    .option(
      '--amounts <meter=n>',
      'what was used of another meter, repeatable (default: as held)',
      amountsOption,
    )
    .action(
      cli.action<CommitOptions>(async ({ args: [id = ''], options, service, print }) => {
        const { amount, amounts } = options;
        const used = { ...(amount !== undefined && { amount }), ...(amounts !== undefined && { amounts }) };
        const answer = await service.post<Answer>(`${pathOf(id)}/commit`, used, 'caller');
        print(answer, () => reservationText(answer));
      }),
    );
  const release = reservations
    .command('release')
    .description('give back all that it holds')
    .argument('<id>', 'as the decision named it');
  withReason(release).action(
    cli.action<Reason>(async ({ args: [id = ''], options: { reason }, service, print }) => {
      const body = reason === undefined ? {} : { reason };
      const answer = await service.post<Answer>(`${pathOf(id)}/release`, body, 'caller');
      print(answer, () => reservationText(answer));
    }),
  );
}

function pathOf(id: string): string {
  return `/reservations/${encodeURIComponent(id)}`;
}

function reservationText({ reservation, limits }: Answer): string {
  const { id, operationId, resource, subject, state, expiresAt, amounts, committed, overage, late } =
    reservation;
  const facts = table([
    ['reservation', id],
    ['operation', operationId],
    ['resource', resource],
    ['subject', subjectText(subject)],
    ['state', `${state}${late ? ' (late)' : ''}`],
    ['expires', expiresAt],
    ['held', amountsText(amounts)],
    ...(committed ? [['committed', amountsText(committed)]] : []),
    ...(overage ? [['more than held', amountsText(overage)]] : []),
  ]);
  return `${facts}\n${limitsTable(limits)}`;
}
