import { createContext, useContext, type ComponentProps } from 'react';
import { useTranslation } from 'react-i18next';
import type { Schemas } from '../../../api/types.ts';
import { Field } from '../../../ui/basics.tsx';
import { useInputText } from '../../../ui/said.tsx';
import { ParsedField } from '../../../ui/parsed-field.tsx';

/** What the service says is wrong with the draft, by the path of the field. */
export const DraftErrors = createContext<NonNullable<Schemas['Problem']['errors']>>([]);

/** Of one field, or of what lies under it. */
export function useErrorAt(path: string): string | undefined {
  const errors = useContext(DraftErrors);
  const inputText = useInputText();
  const found = errors.find((error) => error.path === path || error.path.startsWith(`${path}.`));
  return found && inputText(found).text;
}

type FieldProps = Omit<ComponentProps<typeof Field>, 'value' | 'onChange'> & { readonly path: string };

interface TextProps extends FieldProps {
  readonly value: string | undefined;
  /** Undefined: nothing is typed. */
  readonly onChange: (text: string | undefined) => void;
}

export function TextAt({ path, value = '', onChange, ...field }: TextProps) {
  return (
    <Field
      {...field}
      error={useErrorAt(path)}
      value={value}
      onChange={(event) => onChange(event.target.value || undefined)}
    />
  );
}

interface NumberProps extends FieldProps {
  readonly value: number | undefined;
  readonly onChange: (value: number | undefined) => void;
}

/** What is no number goes to the service as it is typed: it says what is wrong with it. */
function numberOf(text: string): number {
  return /^\d+(\.\d+)?$/.test(text) ? Number(text) : (text as never);
}

export function NumberAt({ path, ...field }: NumberProps) {
  return (
    <ParsedField<number | undefined>
      inputMode="numeric"
      {...field}
      error={useErrorAt(path)}
      format={(value) => String(value ?? '')}
      parse={(text) => (text.trim() === '' ? undefined : numberOf(text.trim()))}
    />
  );
}

interface MaxProps extends Omit<FieldProps, 'label'> {
  readonly label?: string;
  readonly value: number | null;
  readonly onChange: (value: number | null) => void;
}

/** A max; nothing is unlimited. */
export function MaxAt({ path, label, value, onChange, ...field }: MaxProps) {
  const { t } = useTranslation();
  return (
    <NumberAt
      {...field}
      path={path}
      label={label ?? t('max')}
      hint={t('maxHint')}
      value={value ?? undefined}
      onChange={(read) => onChange(read ?? null)}
    />
  );
}

interface ListProps<T> extends FieldProps {
  readonly value: readonly T[];
  readonly read: (text: string) => T;
  readonly onChange: (values: T[]) => void;
}

/** Values with commas between them. */
export function ListAt<T>({ path, read, ...field }: ListProps<T>) {
  return (
    <ParsedField<readonly T[]>
      {...field}
      error={useErrorAt(path)}
      format={(values) => values.join(', ')}
      parse={(text) =>
        text
          .split(',')
          .map((each) => each.trim())
          .filter(Boolean)
          .map(read)
      }
      onChange={(values) => field.onChange([...values])}
    />
  );
}

export function ThresholdsAt(props: Omit<ListProps<number>, 'read'>) {
  return <ListAt<number> {...props} read={numberOf} />;
}

/** The same with this field, or without it. */
export function withField<T extends object, Name extends keyof T>(
  object: T,
  name: Name,
  value: T[Name] | undefined,
): T {
  const { [name]: _before, ...others } = object;
  return value === undefined ? (others as T) : { ...object, [name]: value };
}
