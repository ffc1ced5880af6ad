import { useState, type ComponentProps } from 'react';
import { Field } from './basics.tsx';

interface ParsedFieldProps<T> extends Omit<ComponentProps<typeof Field>, 'value' | 'onChange'> {
  readonly value: T;
  readonly format: (value: T) => string;
  readonly parse: (text: string) => T;
  readonly onChange: (value: T) => void;
}

/** A field for what is no text. While it is typed, the text stays as it is typed. */
export function ParsedField<T>({ value, format, parse, onChange, ...field }: ParsedFieldProps<T>) {
  const [typed, setTyped] = useState<{ readonly text: string; readonly means: string | undefined }>();
  const isTyped = typed !== undefined && typed.means === JSON.stringify(value);
  return (
    <Field
      {...field}
      value={isTyped ? typed.text : format(value)}
      onChange={({ target: { value: text } }) => {
        const read = parse(text);
        setTyped({ text, means: JSON.stringify(read) });
        onChange(read);
      }}
    />
  );
}
