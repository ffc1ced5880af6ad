import { postgresUnderTest, sqliteUnderTest } from './ledger-under-test.js';
import { ledgerContract } from './ledger.contract.js';

ledgerContract('SQLite', sqliteUnderTest);
ledgerContract('PostgreSQL', postgresUnderTest);
