use crate::cloud::Call;

/// A state that takes a while after a call, and how reads show it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Machine {
    service: &'static str,
    begun_by: &'static [&'static str],
    pub(super) read_by: &'static [&'static str],
    /// XML element or JSON key.
    field: &'static str,
    ready: &'static str,
    busy: &'static str,
    pub(super) broken: Option<&'static str>,
}

const MACHINES: &[Machine] = &[
    Machine {
        service: "rds",
        begun_by: &["CreateDBInstance"],
        read_by: &["DescribeDBInstances"],
        field: "DBInstanceStatus",
        ready: "available",
        busy: "creating",
        broken: Some("incompatible-network"),
    },
    Machine {
        service: "rds",
        begun_by: &["ModifyDBInstance"],
        read_by: &["DescribeDBInstances"],
        field: "DBInstanceStatus",
        ready: "available",
        busy: "modifying",
        broken: None,
    },
    Machine {
        service: "ec2",
        begun_by: &["CreateVpc"],
        read_by: &["DescribeVpcs"],
        field: "state",
        ready: "available",
        busy: "pending",
        broken: None,
    },
    Machine {
        service: "ec2",
        begun_by: &["CreateSubnet"],
        read_by: &["DescribeSubnets"],
        field: "state",
        ready: "available",
        busy: "pending",
        broken: None,
    },
    Machine {
        service: "ec2",
        begun_by: &["CreateVpcEndpoint", "ModifyVpcEndpoint"],
        read_by: &["DescribeVpcEndpoints"],
        field: "state",
        ready: "available",
        busy: "pending",
        broken: Some("failed"),
    },
    Machine {
        service: "lambda",
        begun_by: &["CreateFunction"],
        read_by: &["GetFunction", "GetFunctionConfiguration"],
        field: "State",
        ready: "Active",
        busy: "Pending",
        broken: Some("Failed"),
    },
    Machine {
        service: "lambda",
        begun_by: &["UpdateFunctionConfiguration", "UpdateFunctionCode"],
        read_by: &["GetFunction", "GetFunctionConfiguration"],
        field: "LastUpdateStatus",
        ready: "Successful",
        busy: "InProgress",
        broken: Some("Failed"),
    },
];

/// The machine that this call sets going.
pub(super) fn begun_by(call: &Call) -> Option<&'static Machine> {
    MACHINES
        .iter()
        .find(|machine| machine.service == call.service && machine.begun_by.contains(&&*call.operation))
}

impl Machine {
    pub(super) fn is_read_by(&self, call: &Call) -> bool {
        self.service == call.service && self.read_by.contains(&&*call.operation)
    }

    /// The answer as it reads while the machine is at work; `None` if nothing in it is ready.
    pub(super) fn at_work(&self, answer: &str) -> Option<String> {
        self.reads(answer, self.busy)
    }

    /// The answer as it reads when the machine broke.
    pub(super) fn broken(&self, answer: &str) -> Option<String> {
        self.reads(answer, self.broken?)
    }

    fn reads(&self, answer: &str, state: &str) -> Option<String> {
        let Self { field, ready, .. } = self;
        let forms = [
            (format!("<{field}>{ready}</{field}>"), format!("<{field}>{state}</{field}>")),
            (format!("\"{field}\": \"{ready}\""), format!("\"{field}\": \"{state}\"")),
            (format!("\"{field}\":\"{ready}\""), format!("\"{field}\":\"{state}\"")),
        ];
        forms.iter().find(|(from, _)| answer.contains(from)).map(|(from, to)| answer.replace(from, to))
    }
}
