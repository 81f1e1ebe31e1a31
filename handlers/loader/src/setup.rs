//! Makes the database ready for people and programs: migrations, then logins with the passwords of their secrets.
//!
//! What a login may do follows from its group role alone (`migrations/V4__roles.sql`, `V5__features.sql`). The settings that
//! it gets besides keep honest people from accidents; a login may change its own settings, so nothing depends on them.

use postgres_protocol::password::scram_sha_256;
use serde::Deserialize;
use serde_json::{Value, json};
use tokio_postgres::Transaction;
use tokio_postgres::error::SqlState;

use crate::aws::Aws;
use crate::database::Database;
use crate::error::{Doing, Error};
use crate::names::{identifier, literal};
use access::secret;

/// One setup at a time in a database.
const LOCK: i64 = 0x6c6f_6164_6572_0004;

/// Roles belong to the server: setups of two databases may meet at the same one, and one of them is then told to start over.
const ATTEMPTS: u32 = 5;

/// The group roles that a login may be given. `loan_loader`, which owns the data, is none of them.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "snake_case")]
pub enum Group {
    /// Reads loans, the manifest of files and models.
    LoanAnalyst,
    /// Reads what models learn from, and writes models and predictions.
    LoanTrainer,
}

/// What the event `{"setup": …}` asks for.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Setup {
    /// Logins to be made; none: the migrations only.
    #[serde(default)]
    pub logins: Vec<Wanted>,
}

/// A login whose name and password are in a secret.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Wanted {
    /// ARN or name of a secret with `username` and `password`.
    pub secret: String,
    /// What it may do.
    pub role: Group,
}

/// A login with its password. It has no `Debug`, so that it cannot end up in a log.
pub struct Login {
    /// Its name in Postgres.
    pub name: String,
    /// Its password, which never goes to the server.
    pub password: String,
    /// What it may do.
    pub group: Group,
}

impl Group {
    const ALL: [Self; 2] = [Self::LoanAnalyst, Self::LoanTrainer];

    /// The role's name.
    pub fn name(self) -> &'static str {
        match self {
            Self::LoanAnalyst => "loan_analyst",
            Self::LoanTrainer => "loan_trainer",
        }
    }

    /// The group of that name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|group| group.name() == name)
    }

    /// Settings of the login; without a value: the server's own.
    fn settings(self) -> [(&'static str, Option<&'static str>); 4] {
        match self {
            // A query that somebody forgot keeps the server busy, a forgotten transaction keeps it from cleaning up. Names are
            // looked for where the typed loans are, and nowhere where another could have put a table of the same name.
            Self::LoanAnalyst => [
                ("default_transaction_read_only", Some("on")),
                ("statement_timeout", Some("'15min'")),
                ("idle_in_transaction_session_timeout", Some("'10min'")),
                ("search_path", Some("mart")),
            ],
            // Training reads for as long as it takes, and writes.
            Self::LoanTrainer => [
                ("default_transaction_read_only", None),
                ("statement_timeout", None),
                ("idle_in_transaction_session_timeout", Some("'1h'")),
                ("search_path", Some("mart, ml")),
            ],
        }
    }

    /// The only schema in whose tables the group may write.
    fn writes(self) -> &'static str {
        match self {
            Self::LoanAnalyst => "",
            Self::LoanTrainer => "ml",
        }
    }
}

impl Wanted {
    /// Reads the secret.
    pub async fn fetch(&self, aws: &Aws) -> Result<Login, Error> {
        let credentials = secret::fetch(aws, &self.secret).await?;
        let name = credentials.username.ok_or_else(|| {
            Error::Setup(format!(
                "secret {} names no \"username\": its value must be JSON with \"username\" and \"password\"",
                self.secret
            ))
        })?;
        Ok(Login { name, password: credentials.password, group: self.role })
    }
}

/// Applies the migrations and makes the logins, all or none. Safe to repeat, and how a rotated password comes into the
/// database. Returns the names of the logins and the version of the schema.
pub async fn run(database: &Database, aws: &Aws, logins: &[Login]) -> Result<Value, Error> {
    check(logins)?;
    let mut connection = database.connect(aws).await?;
    // The session has taken on the role that loads, which may make no roles: back to who connected.
    connection.client.batch_execute("reset role").await.doing("set up the session")?;
    let mut attempt = 1;
    loop {
        let transaction = connection.client.transaction().await.doing("begin the setup")?;
        match make_all(&transaction, logins).await {
            Ok(()) => {
                transaction.commit().await.doing("commit the setup")?;
                break;
            }
            Err(Error::Database { source, .. }) if attempt < ATTEMPTS && met_another(&source) => {
                transaction.rollback().await.doing("start the setup over")?;
                attempt += 1;
            }
            Err(error) => return Err(error),
        }
    }
    let version = "select max(version) from ingest.schema_history";
    let version: i32 =
        connection.client.query_one(version, &[]).await.doing("read ingest.schema_history")?.get(0);
    let names = logins.iter().map(|login| login.name.as_str()).collect::<Vec<_>>();
    Ok(json!({ "logins": names, "schema": version }))
}

fn check(logins: &[Login]) -> Result<(), Error> {
    for (position, login) in logins.iter().enumerate() {
        let Login { name, password, .. } = login;
        // Longer names are cut by Postgres, without a word.
        if name.is_empty() || name.len() > 63 || name.contains('\0') {
            return Err(Error::Setup(format!("the login {name:?}: a name has 1 to 63 bytes")));
        }
        if password.is_empty() {
            return Err(Error::Setup(format!("the login {name:?} has an empty password")));
        }
        if logins[..position].iter().any(|other| other.name == *name) {
            return Err(Error::Setup(format!("the login {name:?} is asked for twice; it can have one role")));
        }
    }
    Ok(())
}

/// Another session changed the same role, or made it, at the same moment.
fn met_another(error: &tokio_postgres::Error) -> bool {
    match error.code() {
        Some(code) if *code == SqlState::UNIQUE_VIOLATION || *code == SqlState::DUPLICATE_OBJECT => true,
        Some(code) if *code == SqlState::INTERNAL_ERROR => {
            error.as_db_error().is_some_and(|error| error.message().contains("concurrently"))
        }
        _ => false,
    }
}

async fn make_all(transaction: &Transaction<'_>, logins: &[Login]) -> Result<(), Error> {
    transaction
        .execute("select pg_advisory_xact_lock($1)", &[&LOCK])
        .await
        .doing("wait for another setup")?;
    if logins.is_empty() {
        return Ok(());
    }
    close(transaction).await?;
    for login in logins {
        make(transaction, login).await?;
        verify(transaction, login).await?;
    }
    Ok(())
}

/// Takes from PUBLIC what every login of the server has unless told otherwise: temporary tables, which can fill the disk, and up
/// to PostgreSQL 14 tables in schema public. The loader itself makes temporary tables. Whoever does not own the database
/// cannot; then [`verify`] says what its owner has to do.
async fn close(transaction: &Transaction<'_>) -> Result<(), Error> {
    let sql = "
        do $$
        begin
            if exists (select from pg_database d, aclexplode(coalesce(d.datacl, acldefault('d', d.datdba))) a
                       where d.datname = current_database() and a.grantee = 0 and a.privilege_type = 'TEMPORARY'
                           and pg_has_role(d.datdba, 'usage')) then
                if to_regrole('loan_loader') is not null then
                    execute format('grant temporary on database %I to loan_loader', current_database());
                end if;
                execute format('grant temporary on database %I to %I', current_database(), current_user);
                execute format('revoke temporary on database %I from public', current_database());
            end if;
            if exists (select from pg_namespace n, aclexplode(n.nspacl) a
                       where n.nspname = 'public' and a.grantee = 0 and a.privilege_type = 'CREATE'
                           and pg_has_role(n.nspowner, 'usage')) then
                revoke create on schema public from public;
            end if;
        end $$";
    transaction.batch_execute(sql).await.doing("close the database to all who have no role")
}

async fn make(transaction: &Transaction<'_>, login: &Login) -> Result<(), Error> {
    let name = identifier(&login.name);
    let group = login.group.name();
    let doing = format!("make the login {}", login.name);
    let there = "select to_regrole($1) is not null";
    let there: bool = transaction.query_one(there, &[&group]).await.doing(&doing)?.get(0);
    if !there {
        return Err(Error::Setup(format!(
            "there is no role {group}, since whoever applied the migrations may not make roles; give DATABASE_USER the attribute \
             CREATEROLE, and use a new database"
        )));
    }
    let exists = refuse_strangers(transaction, login).await?;
    // A verifier, so that the password itself is in no log and no statistics of statements, whatever the server notes down. It
    // differs each time by its salt, since only a superuser can read the old one to compare.
    let verifier = literal(&scram_sha_256(login.password.as_bytes()));
    let verb = if exists { "alter" } else { "create" };
    let mut sql = format!("{verb} role {name} login inherit password {verifier}; grant {group} to {name};");
    let members = "
        select r.rolname::text from pg_auth_members m join pg_roles r on r.oid = m.roleid
        where m.member = to_regrole($1) and r.rolname <> $2";
    if exists {
        for row in transaction.query(members, &[&name, &group]).await.doing(&doing)? {
            sql.push_str(&format!("revoke {} from {name};", identifier(row.get(0))));
        }
    }
    for (setting, value) in login.group.settings() {
        sql.push_str(&match value {
            Some(value) => format!("alter role {name} set {setting} = {value};"),
            None => format!("alter role {name} reset {setting};"),
        });
    }
    transaction.batch_execute(&sql).await.doing(&doing)
}

/// Whether the role exists, if it does as one that setup may have made. The name comes out of a secret: it must not turn an
/// administrator, or the owner of the data, into somebody whose password the secret knows.
async fn refuse_strangers(transaction: &Transaction<'_>, login: &Login) -> Result<bool, Error> {
    let query = "
        select concat_ws(', ',
            case when r.rolname = session_user then 'it is who makes the logins' end,
            case when not r.rolcanlogin then 'it is a group' end,
            case when r.rolsuper or r.rolcreaterole or r.rolcreatedb or r.rolreplication or r.rolbypassrls
                then 'it has attributes of an administrator' end,
            (select 'it is a member of ' || string_agg(g.rolname, ', ' order by g.rolname)
             from pg_auth_members m join pg_roles g on g.oid = m.roleid
             where m.member = r.oid and g.rolname <> all ($2)),
            case when exists (select from pg_shdepend d
                              where d.refclassid = 'pg_authid'::regclass and d.refobjid = r.oid and d.deptype = 'o')
                then 'it owns objects' end)
        from pg_roles r
        where r.rolname = $1";
    let groups = Group::ALL.map(Group::name).to_vec();
    let doing = format!("look for the login {}", login.name);
    let Some(row) = transaction.query_opt(query, &[&login.name, &groups]).await.doing(&doing)? else {
        return Ok(false);
    };
    match row.get::<_, String>(0) {
        reasons if reasons.is_empty() => Ok(true),
        reasons => Err(Error::Setup(format!(
            "the role {} exists and is no login that setup made: {reasons}; give the secret another \"username\"",
            login.name
        ))),
    }
}

/// Refuses a login that may do more than its group is for, by whatever grant: then nothing is made at all.
async fn verify(transaction: &Transaction<'_>, login: &Login) -> Result<(), Error> {
    let query = "
        with foreign_ground as (
            select oid, nspname from pg_namespace where nspname !~ '^pg_' and nspname <> 'information_schema')
        select string_agg(what, ', ')
        from (
            select 'create temporary tables (revoke temporary on database … from public)' as what
            where has_database_privilege($1::text, current_database(), 'temporary')
            union all
            select 'create schemas' where has_database_privilege($1::text, current_database(), 'create')
            union all
            select format('create objects in schema %I', nspname) from foreign_ground where has_schema_privilege($1::text, oid, 'create')
            union all
            select format('write %s', c.oid::regclass)
            from pg_class c join foreign_ground n on n.oid = c.relnamespace
            where n.nspname <> $2 and c.relkind in ('r', 'p', 'v', 'm', 'f')
                and has_table_privilege($1::text, c.oid, 'insert, update, delete, truncate')) found";
    let doing = format!("look at what {} may do", login.name);
    let row = transaction.query_one(query, &[&login.name, &login.group.writes()]).await.doing(&doing)?;
    match row.get::<_, Option<String>>(0) {
        None => Ok(()),
        Some(more) => Err(Error::Setup(format!(
            "{} would be allowed to {more}, which {} is not for; have the owner of the database revoke that, and set up again",
            login.name,
            login.group.name()
        ))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn login(name: &str, password: &str) -> Login {
        Login { name: name.into(), password: password.into(), group: Group::LoanAnalyst }
    }

    #[test]
    fn only_two_roles_can_be_given_and_nothing_else_asked_for() {
        let read = |text: &str| serde_json::from_str::<Setup>(text).map(|setup| setup.logins.len());
        assert_eq!(read(r#"{"logins": [{"secret": "a", "role": "loan_analyst"}]}"#).ok(), Some(1));
        assert_eq!(read("{}").ok(), Some(0));
        for refused in ["loan_loader", "postgres", "rds_superuser", "LoanAnalyst"] {
            let text = format!(r#"{{"logins": [{{"secret": "a", "role": "{refused}"}}]}}"#);
            assert!(
                read(&text).unwrap_err().to_string().contains("expected `loan_analyst` or `loan_trainer`")
            );
        }
        assert!(read(r#"{"login": []}"#).is_err());
    }

    #[test]
    fn a_login_has_a_name_of_its_own_and_a_password() {
        assert!(check(&[login("a", "x"), login("b", "x")]).is_ok());
        let refused = |logins: &[Login]| check(logins).unwrap_err().to_string();
        assert!(refused(&[login("a", "x"), login("a", "y")]).contains("twice"));
        assert!(refused(&[login("a", "")]).contains("empty password"));
        assert!(refused(&[login(&"a".repeat(64), "x")]).contains("1 to 63 bytes"));
    }
}
