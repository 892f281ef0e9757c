CREATE TABLE "containers" (
  "name" text primary key,
  "pool" text not null,
  "number" integer not null,
  "port" integer not null,
  "state" text not null check (state in ('creating', 'ready', 'reserved', 'removing', 'broken', 'quarantined')),
  "since" bigint not null,
  "generation" integer not null,
  "engine_id" text,
  "host_key" text,
  "attempts" integer not null,
  "retry_at" bigint not null,
  "error" text,
  constraint "containers_place" unique ("pool", "number"));

CREATE INDEX "containers_ready" on "containers" ("pool", "number") where "state" = 'ready';

CREATE TABLE "events" (
  "id" integer primary key autoincrement,
  "at" bigint not null,
  "kind" text not null,
  "by" text not null,
  "pool" text,
  "container" text,
  "generation" integer,
  "reservation" text,
  "owner" text,
  "username" text,
  "detail" text);

CREATE INDEX "events_owner" on "events" ("owner", "id");

CREATE INDEX "events_reservation" on "events" ("reservation", "id");

CREATE TABLE "holds" (
  "reservation_id" text not null references "reservations" ("id"),
  "container" text not null,
  "opened" integer,
  "open" integer check (open = 1),
  constraint "holds_pk" primary key ("reservation_id", "container"));

CREATE UNIQUE INDEX "holds_one_per_container" on "holds" ("container") where "open" = 1;

CREATE TABLE "kysely_migration" (
  "name" varchar(255) not null primary key,
  "timestamp" varchar(255) not null);

CREATE TABLE "kysely_migration_lock" (
  "id" varchar(255) not null primary key,
  "is_locked" integer default 0 not null);

CREATE TABLE "leaders" (
  "work" text primary key,
  "manager" text not null,
  "until" bigint not null);

CREATE TABLE "pool_facts" (
  "pool" text primary key,
  "os" text not null,
  "names" text not null);

CREATE TABLE "pool_sizes" (
  "pool" text primary key,
  "size" integer not null);

CREATE TABLE "requests" (
  "owner" text not null,
  "key" text not null,
  "body" text not null,
  "salt" text not null,
  "reservation_id" text not null references "reservations" ("id"),
  "created_at" bigint not null,
  constraint "requests_pk" primary key ("owner", "key"));

CREATE INDEX "requests_age" on "requests" ("created_at");

CREATE INDEX "requests_reservation" on "requests" ("reservation_id");

CREATE TABLE "reservations" (
  "id" text primary key,
  "pool" text not null,
  "owner" text not null,
  "username" text not null,
  "password_hash" text,
  "ssh_keys" text not null,
  "state" text not null check (state in ('waiting', 'preparing', 'active', 'ending', 'ended')),
  "count" integer not null,
  "created_at" bigint not null,
  "duration_ms" bigint not null,
  "prepare_by" bigint not null,
  "promised" integer not null,
  "wait_until" bigint,
  "turn" bigint,
  "active_at" bigint,
  "expires_at" bigint,
  "keepalive_ms" bigint,
  "alive_until" bigint,
  "told_end" bigint,
  "told_left" bigint,
  "ended_at" bigint,
  "outcome" text check (outcome in ('released', 'expired', 'abandoned', 'failed', 'cancelled')),
  "reason" text,
  "note" text,
  "preparer" text);

CREATE INDEX "reservations_open" on "reservations" ("created_at", "id") where "state" != 'ended';

CREATE INDEX "reservations_waiting" on "reservations" ("pool", "turn") where "state" = 'waiting';

CREATE INDEX "reservations_newest" on "reservations" ("created_at", "id");

CREATE INDEX "reservations_owned" on "reservations" ("owner") where "state" != 'ended';

CREATE TABLE sqlite_sequence(name,seq);

CREATE TABLE "tokens" (
  "id" text primary key,
  "name" text not null,
  "role" text not null check (role in ('admin', 'user')),
  "hash" text not null,
  "created_at" bigint not null,
  "expires_at" bigint,
  "limits" text not null);
