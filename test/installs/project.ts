import { execFile } from 'node:child_process';
import { cp, mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const run = promisify(execFile);
const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const TSC = join(ROOT, 'node_modules/typescript/bin/tsc');
const JEST = join(ROOT, 'node_modules/jest/bin/jest.js');

interface Output {
  readonly stdout: string;
  readonly stderr: string;
}

/** An empty project somewhere else on the disk, in which npm has installed packed packages and others of the registry. */
export class Project {
  private constructor(readonly directory: string) {}

  /** @param packages names of ours, `@sundial/` left out. @param others `name@range` of the registry. */
  static async install(packages: readonly string[], others: readonly string[] = []): Promise<Project> {
    const project = new Project(await mkdtemp(join(tmpdir(), 'sundial-install-')));
    await project.write('package.json', '{ "private": true }');
    const packed = process.env['SUNDIAL_PACKED']!;
    const archives = (await readdir(packed)).filter((file) =>
      packages.includes(/^sundial-([a-z]+)-/.exec(file)![1]!),
    );
    const files = archives.map((archive) => join(packed, archive));
    const flags = ['--ignore-scripts', '--no-audit', '--no-fund', '--prefer-offline', '--loglevel=error'];
    await run('npm', ['install', ...flags, ...files, ...others], { cwd: project.directory });
    return project;
  }

  write(file: string, text: string): Promise<void> {
    return writeFile(join(this.directory, file), text);
  }

  /** A file of `projects/`, under the name by which TypeScript takes it for an ES module or a CommonJS one. */
  async copy(file: string, as: string): Promise<void> {
    await cp(join(ROOT, 'test/installs/projects', file), join(this.directory, as));
  }

  async replace(file: string, words: Readonly<Record<string, string>>): Promise<void> {
    const text = await readFile(join(this.directory, file), 'utf8');
    const replaced = Object.entries(words).reduce((it, [from, to]) => it.replaceAll(from, to), text);
    await this.write(file, replaced);
  }

  /** The errors that the compiler finds, one a line. */
  async errors(...args: readonly string[]): Promise<string> {
    const flags = ['--strict', '--target', 'es2022', '--experimentalDecorators', '--emitDecoratorMetadata'];
    const types = ['--typeRoots', join(ROOT, 'node_modules/@types'), '--types', 'node'];
    return this.#node(TSC, ...flags, ...types, ...args).then(
      () => '',
      ({ stdout }: Output) => stdout,
    );
  }

  node(...args: readonly string[]): Promise<Output> {
    return this.#node(...args);
  }

  jest(...args: readonly string[]): Promise<Output> {
    const flags = ['--experimental-vm-modules', '--disable-warning=ExperimentalWarning'];
    return this.#node(...flags, JEST, '--rootDir', this.directory, ...args);
  }

  remove(): Promise<void> {
    return rm(this.directory, { recursive: true, force: true });
  }

  #node(...args: readonly string[]): Promise<Output> {
    // Without the flags of the Jest that runs this.
    const env = { ...process.env, NODE_OPTIONS: '' };
    return run(process.execPath, [...args], { cwd: this.directory, env });
  }
}
