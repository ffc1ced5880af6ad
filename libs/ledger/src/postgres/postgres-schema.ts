import { sql, type Kysely, type Migration } from 'kysely';
import { createSubjects, createVolumes, permanentMigrations } from '../tables/permanent-tables.js';
import {
  DAY_CONFLICT,
  OUTAGE_CONFLICT,
  SUBJECT_CONFLICT,
  VOLUME_CONFLICT,
  WINDOW_CONFLICT,
} from '../tables/conflicts.js';

/** Rows and what finds them are partitioned by part: a UTC day, or less of one that grows large. */
export const POSTGRES_MIGRATIONS: Readonly<Record<string, Migration>> = {
  ...permanentMigrations(''),
  '002-events': { up: createEvents },
  '003-functions': { up: createFunctions },
  '004-subjects': { up: createSubjectSearch },
  '005-volumes': { up: createVolumeSums },
};

async function createEvents(db: Kysely<unknown>): Promise<void> {
  const statements = [
    `CREATE TABLE ledger_events (part integer NOT NULL, seq bigint NOT NULL, at bigint NOT NULL, facet bigint NOT NULL, operation bigint, "row" text NOT NULL)
       PARTITION BY LIST (part)`,
    'CREATE INDEX ledger_events_seq ON ledger_events (seq)',
    'CREATE INDEX ledger_events_facet ON ledger_events (facet, seq)',
    'CREATE INDEX ledger_events_operation ON ledger_events (operation) WHERE operation IS NOT NULL',
    'CREATE TABLE ledger_attributes (part integer NOT NULL, hash bigint NOT NULL, seq bigint NOT NULL) PARTITION BY LIST (part)',
    'CREATE INDEX ledger_attributes_hash ON ledger_attributes (hash, seq)',
    `CREATE TABLE ledger_parts (part integer PRIMARY KEY, day date NOT NULL, first_seq bigint NOT NULL, last_seq bigint NOT NULL,
       first_at bigint NOT NULL, last_at bigint NOT NULL, rows bigint NOT NULL)`,
    `CREATE TABLE ledger_marks (part integer NOT NULL, minute bigint NOT NULL, first_seq bigint NOT NULL, last_seq bigint NOT NULL,
       PRIMARY KEY (minute, part))`,
    `CREATE TABLE ledger_facets (id bigint PRIMARY KEY, kind text NOT NULL, outcome text NOT NULL, reason text NOT NULL, degraded integer NOT NULL,
       replayed integer NOT NULL, resource text NOT NULL, node text NOT NULL, day date NOT NULL)`,
    `CREATE TABLE ledger_counted (node text NOT NULL, key text NOT NULL, minute bigint NOT NULL, event text NOT NULL, PRIMARY KEY (node, key, minute))`,
    `CREATE TABLE ledger_position (id integer PRIMARY KEY, seq bigint NOT NULL, part integer NOT NULL, day date NOT NULL, is_full boolean NOT NULL)`,
    `INSERT INTO ledger_position VALUES (1, 0, 0, '0001-01-01', false)`,
  ];
  for (const statement of statements) await sql.raw(statement).execute(db);
}

async function createFunctions(db: Kysely<unknown>): Promise<void> {
  for (const statement of [NEXT_PART, WRITE, APPLY]) await sql.raw(statement).execute(db);
}

async function createSubjectSearch(db: Kysely<unknown>): Promise<void> {
  await createSubjects(db, { keyed: '', bytewise: 'COLLATE "C"' });
  await sql.raw(APPLY_SUBJECTS).execute(db);
}

async function createVolumeSums(db: Kysely<unknown>): Promise<void> {
  await createVolumes(db, '');
  await sql.raw(APPLY_VOLUMES).execute(db);
}

const NEXT_PART = `
CREATE FUNCTION ledger_next_part(today date) RETURNS integer LANGUAGE plpgsql AS $$
DECLARE new_part integer;
BEGIN
  UPDATE ledger_position SET part = part + 1, day = today, is_full = false RETURNING part INTO new_part;
  EXECUTE format('CREATE TABLE ledger_events_%s (LIKE ledger_events INCLUDING DEFAULTS)', new_part);
  EXECUTE format('CREATE TABLE ledger_attributes_%s (LIKE ledger_attributes INCLUDING DEFAULTS)', new_part);
  EXECUTE format('ALTER TABLE ledger_events ATTACH PARTITION ledger_events_%s FOR VALUES IN (%s)', new_part, new_part);
  EXECUTE format('ALTER TABLE ledger_attributes ATTACH PARTITION ledger_attributes_%s FOR VALUES IN (%s)', new_part, new_part);
  INSERT INTO ledger_parts SELECT new_part, today, seq + 1, seq, 9007199254740991, 0, 0 FROM ledger_position;
  RETURN new_part;
END $$`;

/**
 * One batch of one node: all of it or nothing, in one round trip, so that a node which stops in the middle holds nothing up. The node that writes
 * holds the row of \`ledger_position\`: positions are in the order of commits, and a reader that has seen one has seen all before it.
 */
const WRITE = `
CREATE FUNCTION ledger_write(p_node text, p_session text, p_batch bigint, p_now bigint, p_rows json, p_texts text[], p_facets json, p_counted json, p_ended json)
RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
  last bigint; current_part integer; current_day date; is_full boolean; n integer := json_array_length(p_rows);
  today date := (clock_timestamp() AT TIME ZONE 'UTC')::date;
BEGIN
  SELECT p.seq, p.part, p.day, p.is_full INTO last, current_part, current_day, is_full FROM ledger_position p FOR UPDATE;
  PERFORM 1 FROM ledger_nodes WHERE node = p_node AND session = p_session AND batch >= p_batch;
  IF FOUND THEN RETURN last; END IF;
  IF current_part = 0 OR current_day < today OR is_full THEN current_part := ledger_next_part(greatest(today, current_day)); END IF;

  UPDATE ledger_nodes SET batch = p_batch, flushed_at = p_now WHERE node = p_node AND session = p_session;
  INSERT INTO ledger_facets SELECT (f->>0)::bigint, f->>1, f->>2, f->>3, (f->>4)::integer, (f->>5)::integer, f->>6, f->>7, today
    FROM json_array_elements(p_facets) f ON CONFLICT (id) DO UPDATE SET day = excluded.day;
  INSERT INTO ledger_counted SELECT p_node, c->>0, (c->>1)::bigint, c->>2 FROM json_array_elements(p_counted) c
    ON CONFLICT (node, key, minute) DO UPDATE SET event = excluded.event;
  DELETE FROM ledger_counted USING json_array_elements(p_ended) e WHERE node = p_node AND key = e->>0 AND minute = (e->>1)::bigint;
  IF n = 0 THEN RETURN last; END IF;

  INSERT INTO ledger_events SELECT current_part, last + i, (r->>0)::bigint, (r->>1)::bigint, (r->>2)::bigint, p_texts[i]
    FROM json_array_elements(p_rows) WITH ORDINALITY AS x(r, i);
  INSERT INTO ledger_attributes SELECT current_part, h::text::bigint, last + i
    FROM json_array_elements(p_rows) WITH ORDINALITY AS x(r, i), json_array_elements(r->3) h;
  INSERT INTO ledger_permanent SELECT last + i, (r->>0)::bigint, p_node, r->4->>0, r->4->>1, r->4->>2, r->4->>3, p_texts[i]
    FROM json_array_elements(p_rows) WITH ORDINALITY AS x(r, i) WHERE json_typeof(r->4) = 'array';
  INSERT INTO ledger_marks SELECT current_part, (r->>0)::bigint / 60000, last + min(i), last + max(i)
    FROM json_array_elements(p_rows) WITH ORDINALITY AS x(r, i) GROUP BY 2
    ON CONFLICT (minute, part) DO UPDATE SET last_seq = excluded.last_seq;
  UPDATE ledger_parts p SET last_seq = last + n, rows = rows + n, first_at = least(p.first_at, x.first_at), last_at = greatest(p.last_at, x.last_at)
    FROM (SELECT min((r->>0)::bigint) AS first_at, max((r->>0)::bigint) AS last_at FROM json_array_elements(p_rows) r) x WHERE part = current_part;
  UPDATE ledger_position SET seq = last + n;
  RETURN last + n;
END $$`;

const APPLY = `
CREATE FUNCTION ledger_apply(p_node text, p_up_to bigint, p_windows json, p_days json, p_outages json) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  PERFORM 1 FROM ledger_nodes WHERE node = p_node AND derived_up_to < p_up_to FOR UPDATE;
  IF NOT FOUND THEN RETURN; END IF;
  INSERT INTO ledger_windows SELECT * FROM json_populate_recordset(null::ledger_windows, p_windows)
    ORDER BY subject_hash, starts_at, rule, "window", meter ${WINDOW_CONFLICT};
  INSERT INTO ledger_subject_days SELECT * FROM json_populate_recordset(null::ledger_subject_days, p_days)
    ORDER BY span, day, resource, meter, subject_hash ${DAY_CONFLICT};
  INSERT INTO ledger_outages SELECT * FROM json_populate_recordset(null::ledger_outages, p_outages) ${OUTAGE_CONFLICT};
  UPDATE ledger_nodes SET derived_up_to = p_up_to WHERE node = p_node;
END $$`;

/** Beside the function of five arguments, which nodes of the version before go on calling during a deploy. */
const APPLY_SUBJECTS = `
CREATE FUNCTION ledger_apply(p_node text, p_up_to bigint, p_windows json, p_days json, p_outages json, p_subjects json) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO ledger_subjects SELECT * FROM json_populate_recordset(null::ledger_subjects, p_subjects)
    ORDER BY name, value, subject_hash ${SUBJECT_CONFLICT};
  PERFORM ledger_apply(p_node, p_up_to, p_windows, p_days, p_outages);
END $$`;

/** Beside the functions of five and six arguments. What is added up is added where that of the same rows has not been. */
const APPLY_VOLUMES = `
CREATE FUNCTION ledger_apply(p_node text, p_up_to bigint, p_windows json, p_days json, p_outages json, p_subjects json, p_volumes json)
RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  PERFORM 1 FROM ledger_nodes WHERE node = p_node AND derived_up_to < p_up_to FOR UPDATE;
  IF NOT FOUND THEN RETURN; END IF;
  INSERT INTO ledger_volumes SELECT * FROM json_populate_recordset(null::ledger_volumes, p_volumes)
    ORDER BY slice, resource ${VOLUME_CONFLICT};
  PERFORM ledger_apply(p_node, p_up_to, p_windows, p_days, p_outages, p_subjects);
END $$`;
