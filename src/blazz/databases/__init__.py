"""What every durable part needs of a database: a connection, migrations, named queries."""
