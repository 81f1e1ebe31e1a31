//! The EC2 kinds and what only AWS itself does.

use crate::answers::{ec2, error};
use serde_json::json;
use stackctl::resource::{self, Id, Status};

fn ok(inner: &str) -> (u16, String) {
    (200, inner.to_owned())
}

#[tokio::test]
async fn many_are_read_in_chunks_and_answers_for_others_are_ignored() {
    let (cloud, calls) = ec2(|_, _| {
        ok("<subnetSet><item><subnetId>subnet-7</subnetId><state>available</state></item>\
            <item><subnetId>subnet-of-others</subnetId></item></subnetSet>")
    });
    let ids: Vec<Id> = (0..450).map(|n| Id(format!("subnet-{n}"))).collect();
    let found = resource::kind("subnet").unwrap().read(&cloud, &ids).await.unwrap();
    assert_eq!(found.keys().collect::<Vec<_>>(), [&Id::from("subnet-7")]);
    let values: Vec<usize> =
        calls.of("DescribeSubnets").iter().map(|call| call.matches("Filter.1.Value.").count()).collect();
    assert_eq!(values, [200, 200, 50]);
}

#[tokio::test]
async fn an_endpoint_that_could_not_be_deleted_is_an_error_in_spite_of_success() {
    let unsuccessful = |code: &'static str| {
        ec2(move |_, _| {
            let error = format!("<error><code>{code}</code><message>no</message></error>");
            ok(&format!("<unsuccessful><item><resourceId>vpce-1</resourceId>{error}</item></unsuccessful>"))
        })
        .0
    };
    let kind = resource::kind("vpc_endpoint").unwrap();
    let (cloud, _) = ec2(|_, _| ok(ENDPOINTS));
    let live = kind.read(&cloud, &[Id::from("vpce-1")]).await.unwrap().remove(&Id::from("vpce-1")).unwrap();
    let delete = async |code| kind.delete(&unsuccessful(code), &Id::from("vpce-1"), live.clone()).await;
    assert_eq!(delete("OperationNotPermitted").await.unwrap_err().code(), Some("OperationNotPermitted"));
    delete("InvalidVpcEndpoint.NotFound").await.unwrap();
}

const ENDPOINTS: &str = "<vpcEndpointSet>\
    <item><vpcEndpointId>vpce-1</vpcEndpointId><state>available</state><vpcEndpointType>Interface</vpcEndpointType>\
      <serviceName>com.amazonaws.eu-west-1.kms</serviceName><privateDnsEnabled>true</privateDnsEnabled>\
      <groupSet><item><groupId>sg-1</groupId></item></groupSet>\
      <policyDocument>{\"Statement\":[{\"Action\":\"*\",\"Effect\":\"Allow\",\"Principal\":\"*\",\"Resource\":\"*\"}]}</policyDocument></item>\
    <item><vpcEndpointId>vpce-2</vpcEndpointId><state>pending</state></item>\
    <item><vpcEndpointId>vpce-3</vpcEndpointId><state>failed</state><lastError><message>no room</message></lastError></item>\
    <item><vpcEndpointId>vpce-4</vpcEndpointId><state>deleted</state></item>\
    <item><vpcEndpointId>vpce-5</vpcEndpointId><state>pendingAcceptance</state></item>\
    </vpcEndpointSet>";

#[tokio::test]
async fn states_of_endpoints_are_read_in_any_case() {
    let (cloud, calls) = ec2(|action, _| ok(if action == "DescribeVpcEndpoints" { ENDPOINTS } else { "" }));
    let kind = resource::kind("vpc_endpoint").unwrap();
    let ids: Vec<Id> = (1..=5).map(|n| Id(format!("vpce-{n}"))).collect();
    let found = kind.read(&cloud, &ids).await.unwrap();
    let status = |id: &str| found.get(&Id::from(id)).map(|observed| observed.status.clone());
    assert_eq!(status("vpce-1"), Some(Status::Ready));
    assert_eq!(status("vpce-2"), Some(Status::Pending("pending".to_owned())));
    assert_eq!(status("vpce-3"), Some(Status::Lost("failed: no room".to_owned())));
    assert_eq!(status("vpce-4"), None);
    assert_eq!(status("vpce-5"), Some(Status::Ready));
    let inputs = &found[&ids[0]].inputs;
    assert_eq!(inputs["service"], "kms");
    assert_eq!(inputs["private_dns_enabled"], true);
    assert_eq!(inputs["policy"]["Version"], "2008-10-17", "full access is written in one way");
    assert!(calls.of("DescribeVpcEndpoints")[0].contains("vpc-endpoint-id"));
}

#[tokio::test]
async fn routes_of_aws_are_none_of_ours() {
    let (cloud, _) = ec2(|_, _| {
        ok(
            "<routeTableSet><item><routeTableId>rtb-1</routeTableId><vpcId>vpc-1</vpcId><ownerId>111111111111</ownerId><routeSet>\
            <item><destinationCidrBlock>10.0.0.0/16</destinationCidrBlock><gatewayId>local</gatewayId><origin>CreateRouteTable</origin></item>\
            <item><destinationPrefixListId>pl-1</destinationPrefixListId><gatewayId>vpce-1</gatewayId><origin>CreateRoute</origin></item>\
            <item><destinationCidrBlock>10.9.0.0/16</destinationCidrBlock><gatewayId>vgw-1</gatewayId><origin>EnableVgwRoutePropagation</origin></item>\
            <item><destinationCidrBlock>169.254.171.0/24</destinationCidrBlock><gatewayId>VpcLattice</gatewayId></item>\
            <item><destinationCidrBlock>10.6.0.0/16</destinationCidrBlock><networkInterfaceId>eni-2</networkInterfaceId><origin>Advertisement</origin></item>\
            <item><destinationCidrBlock>10.8.0.0/16</destinationCidrBlock><networkInterfaceId>eni-1</networkInterfaceId><instanceOwnerId>222222222222</instanceOwnerId></item>\
            <item><destinationCidrBlock>10.7.0.0/16</destinationCidrBlock><gatewayId>vpce-2</gatewayId><origin>CreateRoute</origin><state>active</state></item>\
            <item><destinationCidrBlock>0.0.0.0/0</destinationCidrBlock><natGatewayId>nat-1</natGatewayId><origin>CreateRoute</origin><state>blackhole</state></item>\
            </routeSet><associationSet>\
            <item><routeTableAssociationId>a-1</routeTableAssociationId><main>true</main></item>\
            <item><routeTableAssociationId>a-2</routeTableAssociationId><main>false</main><subnetId>subnet-1</subnetId><associationState><state>associating</state></associationState></item>\
            <item><routeTableAssociationId>a-3</routeTableAssociationId><main>false</main><subnetId>subnet-2</subnetId><associationState><state>disassociated</state></associationState></item>\
            </associationSet></item></routeTableSet>",
        )
    });
    let id = Id::from("rtb-1");
    let kind = resource::kind("route_table").unwrap();
    let found = kind.read(&cloud, std::slice::from_ref(&id)).await.unwrap().remove(&id).unwrap();
    let routes = found.inputs["routes"].as_array().unwrap();
    assert_eq!(routes.len(), 2, "{routes:?}");
    assert_eq!(routes[0]["vpc_endpoint_id"], "vpce-2");
    assert_eq!(routes[1]["nat_gateway_id"], "nat-1");
    assert_eq!(found.outputs["blackholes"], json!(["0.0.0.0/0"]));
    assert_eq!(found.inputs["subnet_ids"], json!(["subnet-1"]));
    assert_eq!(found.status, Status::Pending("associating".to_owned()));
}

/// The table stays, and the subnet reads as one that is not associated: the next update associates it again.
#[tokio::test]
async fn a_failed_association_ails() {
    let (cloud, _) = ec2(|_, _| {
        ok(
            "<routeTableSet><item><routeTableId>rtb-1</routeTableId><vpcId>vpc-1</vpcId><ownerId>111111111111</ownerId>\
            <routeSet/><associationSet>\
            <item><routeTableAssociationId>a-2</routeTableAssociationId><main>false</main><subnetId>subnet-1</subnetId><associationState><state>failed</state><statusMessage>no</statusMessage></associationState></item>\
            </associationSet></item></routeTableSet>",
        )
    });
    let id = Id::from("rtb-1");
    let kind = resource::kind("route_table").unwrap();
    let found = kind.read(&cloud, std::slice::from_ref(&id)).await.unwrap().remove(&id).unwrap();
    assert_eq!(found.inputs["subnet_ids"], json!([]));
    assert_eq!(found.status.ailment().unwrap().what, "the association with subnet-1 failed: no");
}

/// A word that nobody knows, or that says that it goes, is waited for.
#[tokio::test]
async fn a_vpc_that_goes_is_on_its_way() {
    for word in ["deleting", "tomorrow"] {
        let (cloud, _) = ec2(move |action, _| match action {
            "DescribeVpcs" => ok(&format!(
                "<vpcSet><item><vpcId>vpc-1</vpcId><state>{word}</state><cidrBlock>10.0.0.0/16</cidrBlock></item></vpcSet>"
            )),
            "DescribeVpcAttribute" => ok("<enableDnsSupport><value>true</value></enableDnsSupport>"),
            "DescribeSecurityGroups" => ok("<securityGroupInfo/>"),
            _ => ok("<routeTableSet/>"),
        });
        let id = Id::from("vpc-1");
        let kind = resource::kind("vpc").unwrap();
        let found = kind.read(&cloud, std::slice::from_ref(&id)).await.unwrap().remove(&id).unwrap();
        assert_eq!(found.status, Status::Pending(word.to_owned()));
    }
}

#[tokio::test]
async fn a_subnet_of_another_table_is_not_taken_away() {
    let (cloud, calls) = ec2(|action, body| match action {
        "AssociateRouteTable" => {
            error("Resource.AlreadyAssociated", "conflicts with an existing association")
        }
        "DescribeRouteTables" if body.contains("association.subnet-id") => {
            ok("<routeTableSet><item><routeTableId>rtb-other</routeTableId><associationSet><item>\
                <routeTableAssociationId>a-1</routeTableAssociationId><subnetId>subnet-1</subnetId></item></associationSet>\
                </item></routeTableSet>")
        }
        _ => ok("<routeTableSet><item><routeTableId>rtb-1</routeTableId></item></routeTableSet>"),
    });
    let kind = resource::kind("route_table").unwrap();
    let (before, after) =
        (json!({"vpc_id": "vpc-1"}), json!({"vpc_id": "vpc-1", "subnet_ids": ["subnet-1"]}));
    let error = kind.update(&cloud, &Id::from("rtb-1"), before, after).await.unwrap_err();
    // The code stays, so that the engine tries again while another table of the stack lets go.
    assert_eq!(error.code(), Some("Resource.AlreadyAssociated"));
    assert!(error.to_string().contains("subnet-1 is associated with rtb-other"), "{error}");
    assert!(
        calls.of("ReplaceRouteTableAssociation").is_empty() && calls.of("DisassociateRouteTable").is_empty()
    );
}

#[tokio::test]
async fn a_route_that_is_there_already_is_replaced() {
    let (cloud, calls) = ec2(|action, _| match action {
        "CreateRoute" => error("RouteAlreadyExists", "exists"),
        _ => ok("<return>true</return>"),
    });
    let route = json!({"destination": "::/0", "gateway_id": "igw-1"});
    let (before, after) = (json!({"vpc_id": "vpc-1"}), json!({"vpc_id": "vpc-1", "routes": [route]}));
    let kind = resource::kind("route_table").unwrap();
    kind.update(&cloud, &Id::from("rtb-1"), before, after).await.unwrap();
    let replaced = &calls.of("ReplaceRoute")[0];
    assert!(replaced.contains("DestinationIpv6CidrBlock=::/0"), "{replaced}");
    assert!(replaced.contains("GatewayId=igw-1"), "{replaced}");
}

#[tokio::test]
async fn interfaces_that_lambda_left_behind_are_deleted_and_others_are_named() {
    let (cloud, calls) = ec2(|action, _| match action {
        "DescribeNetworkInterfaces" => ok("<networkInterfaceSet>\
            <item><networkInterfaceId>eni-left</networkInterfaceId><subnetId>subnet-1</subnetId><status>available</status><description>AWS Lambda VPC ENI-loader-1</description></item>\
            <item><networkInterfaceId>eni-used</networkInterfaceId><subnetId>subnet-1</subnetId><status>in-use</status><description>AWS Lambda VPC ENI-loader-2</description><attachment><instanceOwnerId>amazon-aws</instanceOwnerId></attachment></item>\
            <item><networkInterfaceId>eni-other</networkInterfaceId><subnetId>subnet-1</subnetId><status>available</status><description>by hand</description></item>\
            </networkInterfaceSet>"),
        "DeleteNetworkInterface" => error("InvalidNetworkInterface.InUse", "flaps"),
        _ => error("DependencyViolation", "has dependencies"),
    });
    let kind = resource::kind("subnet").unwrap();
    let (subnets, _) = ec2(|_, _| ok("<subnetSet><item><subnetId>subnet-1</subnetId></item></subnetSet>"));
    let live =
        kind.read(&subnets, &[Id::from("subnet-1")]).await.unwrap().remove(&Id::from("subnet-1")).unwrap();
    let error = kind.delete(&cloud, &Id::from("subnet-1"), live).await.unwrap_err();
    assert_eq!(error.code(), Some("DependencyViolation"));
    let text = error.to_string();
    assert!(text.contains("eni-used (AWS Lambda VPC ENI-loader-2), eni-other (by hand)"), "{text}");
    let deleted = calls.of("DeleteNetworkInterface");
    assert!(deleted.len() == 1 && deleted[0].contains("eni-left"), "{deleted:?}");
}

#[tokio::test]
async fn a_rule_with_two_owners_says_so() {
    let (cloud, _) = ec2(|action, _| match action {
        "DescribeSecurityGroupRules" => {
            ok("<securityGroupRuleSet><item><securityGroupRuleId>sgr-1</securityGroupRuleId>\
            <groupId>sg-1</groupId><isEgress>false</isEgress><ipProtocol>tcp</ipProtocol><fromPort>443</fromPort><toPort>443</toPort>\
            <cidrIpv4>10.0.0.0/8</cidrIpv4><tagSet><item><key>stackctl:address</key><value>security_group_rule.a</value></item></tagSet>\
            </item></securityGroupRuleSet>")
        }
        _ => error("InvalidPermission.Duplicate", "the specified rule already exists"),
    });
    let kind = resource::kind("security_group").unwrap();
    let before = json!({"vpc_id": "vpc-1", "name": "a"});
    let mut after = before.clone();
    after["ingress"] = json!([{"port": 443, "cidr": "10.0.0.0/8"}]);
    let error = kind.update(&cloud, &Id::from("sg-1"), before, after).await.unwrap_err();
    assert_eq!(error.code(), Some("InvalidPermission.Duplicate"));
    assert!(error.to_string().contains("keep one of them"), "{error}");
}

#[tokio::test]
async fn rules_are_authorized_before_others_are_revoked() {
    let (cloud, calls) = ec2(|action, _| match action {
        "DescribeSecurityGroupRules" => ok("<securityGroupRuleSet>\
            <item><securityGroupRuleId>sgr-old</securityGroupRuleId><groupId>sg-1</groupId><isEgress>false</isEgress><ipProtocol>tcp</ipProtocol><fromPort>80</fromPort><toPort>80</toPort><cidrIpv4>10.0.0.0/8</cidrIpv4></item>\
            <item><securityGroupRuleId>sgr-text</securityGroupRuleId><groupId>sg-1</groupId><isEgress>false</isEgress><ipProtocol>tcp</ipProtocol><fromPort>22</fromPort><toPort>22</toPort><cidrIpv4>10.0.0.0/8</cidrIpv4></item>\
            </securityGroupRuleSet>"),
        _ => ok("<return>true</return>"),
    });
    let kind = resource::kind("security_group").unwrap();
    let before = json!({"vpc_id": "vpc-1", "name": "a"});
    let mut after = before.clone();
    after["ingress"] = json!([
        {"port": 443, "cidr": "10.0.0.0/8"},
        {"port": 22, "cidr": "10.0.0.0/8", "description": "shell"},
    ]);
    kind.update(&cloud, &Id::from("sg-1"), before, after).await.unwrap();
    assert_eq!(
        calls.actions(),
        [
            "DescribeSecurityGroupRules",
            "AuthorizeSecurityGroupIngress",
            "ModifySecurityGroupRules",
            "RevokeSecurityGroupIngress"
        ]
    );
    assert!(calls.of("RevokeSecurityGroupIngress")[0].contains("sgr-old"));
    assert!(calls.of("ModifySecurityGroupRules")[0].contains("sgr-text"));
}

#[tokio::test]
async fn a_rule_gets_another_peer_without_a_gap() {
    let (cloud, calls) = ec2(|_, _| ok("<return>true</return>"));
    let kind = resource::kind("security_group_rule").unwrap();
    let rule = |sort: &str, peer: &str| json!({"type": "ingress", "security_group_id": "sg-1", "port": 443, sort: peer, "protocol": "tcp"});
    for (sort, before, after, sent) in [
        ("cidr", "10.0.0.0/16", "10.1.0.0/16", "CidrIpv4=10.1.0.0/16"),
        ("cidr_ipv6", "::/0", "fd00::/8", "CidrIpv6=fd00::/8"),
        ("security_group", "sg-2", "sg-3", "ReferencedGroupId=sg-3"),
        ("prefix_list", "pl-1", "pl-2", "PrefixListId=pl-2"),
    ] {
        let (before, after) = (rule(sort, before), rule(sort, after));
        let changes = stackctl::diff::diff(kind.inputs(), &before, &after);
        assert!(changes.iter().all(|change| change.effect == stackctl::diff::Effect::InPlace), "{sort}");
        kind.update(&cloud, &Id::from("sgr-1"), before, after).await.unwrap();
        assert!(calls.of("ModifySecurityGroupRules").last().unwrap().contains(sent), "{sort}");
    }
    assert!(calls.actions().iter().all(|action| action == "ModifySecurityGroupRules"));
    // Another sort of peer is another rule.
    let (before, after) = (rule("cidr", "10.0.0.0/16"), rule("security_group", "sg-2"));
    let changes = stackctl::diff::diff(kind.inputs(), &before, &after);
    assert!(changes.iter().any(|change| change.effect == stackctl::diff::Effect::Replace));
}

/// Whether AWS takes the old subnet away first is not known: both answers work.
#[tokio::test]
async fn an_endpoint_changes_its_subnet_within_a_zone() {
    let (cloud, calls) = ec2(|_, body| {
        if body.contains("AddSubnetId") {
            error("DuplicateSubnetsInSameZone", "found another subnet in the same zone")
        } else {
            ok("<return>true</return>")
        }
    });
    let kind = resource::kind("vpc_endpoint").unwrap();
    let endpoint = |subnet: &str| json!({"vpc_id": "vpc-1", "service": "kms", "subnet_ids": [subnet]});
    kind.update(&cloud, &Id::from("vpce-1"), endpoint("subnet-1"), endpoint("subnet-2")).await.unwrap();
    let sent = calls.of("ModifyVpcEndpoint");
    assert!(sent.len() == 2 && !sent[1].contains("AddSubnetId"), "{sent:?}");
    assert!(sent[1].contains("RemoveSubnetId.1=subnet-1"), "{sent:?}");
}

#[tokio::test]
async fn a_gateway_is_ready_when_it_is_attached() {
    let status = async |state: &'static str| {
        let (cloud, _) = ec2(move |_, _| {
            let attachment = format!("<item><vpcId>vpc-1</vpcId><state>{state}</state></item>");
            let gateway = format!(
                "<internetGatewayId>igw-1</internetGatewayId><attachmentSet>{attachment}</attachmentSet>"
            );
            ok(&format!("<internetGatewaySet><item>{gateway}</item></internetGatewaySet>"))
        });
        let id = Id::from("igw-1");
        let kind = resource::kind("internet_gateway").unwrap();
        kind.read(&cloud, std::slice::from_ref(&id)).await.unwrap().remove(&id).unwrap().status
    };
    assert_eq!(status("available").await, Status::Ready);
    assert_eq!(status("attaching").await, Status::Pending("attaching".to_owned()));
}

#[tokio::test]
async fn denied_is_not_absent() {
    let (cloud, _) = ec2(|_, _| error("UnauthorizedOperation", "you may not"));
    for kind in [
        "vpc",
        "subnet",
        "internet_gateway",
        "route_table",
        "security_group",
        "security_group_rule",
        "vpc_endpoint",
    ] {
        let read = resource::kind(kind).unwrap().read(&cloud, &[Id::from("x-1")]).await;
        assert_eq!(read.unwrap_err().code(), Some("UnauthorizedOperation"), "{kind}");
    }
}

/// Every target that EC2 has can be read, and what is read can be written again.
#[tokio::test]
async fn a_route_keeps_its_target_whatever_it_is() {
    const TARGETS: &[(&str, &str, &str)] = &[
        ("egressOnlyInternetGatewayId", "egress_only_gateway_id", "EgressOnlyInternetGatewayId"),
        ("carrierGatewayId", "carrier_gateway_id", "CarrierGatewayId"),
        ("localGatewayId", "local_gateway_id", "LocalGatewayId"),
        ("coreNetworkArn", "core_network_arn", "CoreNetworkArn"),
        ("transitGatewayId", "transit_gateway_id", "TransitGatewayId"),
        ("natGatewayId", "nat_gateway_id", "NatGatewayId"),
    ];
    let kind = resource::kind("route_table").unwrap();
    for (answered, attribute, sent) in TARGETS {
        let (cloud, calls) = ec2(move |action, _| match action {
            "DescribeRouteTables" => ok(&format!(
                "<routeTableSet><item><routeTableId>rtb-1</routeTableId><vpcId>vpc-1</vpcId><routeSet><item>\
                 <destinationIpv6CidrBlock>::/0</destinationIpv6CidrBlock><{answered}>it-1</{answered}><origin>CreateRoute</origin>\
                 </item></routeSet></item></routeTableSet>"
            )),
            _ => ok("<return>true</return>"),
        });
        let id = Id::from("rtb-1");
        let found = kind.read(&cloud, std::slice::from_ref(&id)).await.unwrap().remove(&id).unwrap();
        let routes = found.inputs["routes"].clone();
        assert_eq!(routes[0][attribute], "it-1", "{routes}");
        let (before, after) = (json!({"vpc_id": "vpc-1"}), json!({"vpc_id": "vpc-1", "routes": routes}));
        assert_eq!(kind.check(&after), vec![], "{attribute}");
        kind.update(&cloud, &id, before, after).await.unwrap();
        assert!(
            calls.of("CreateRoute")[0].contains(&format!("{sent}=it-1")),
            "{:?}",
            calls.of("CreateRoute")
        );
    }
}

async fn read_one(kind: &str, cloud: &stackctl::cloud::Cloud, id: &str) -> stackctl::resource::Observed {
    let id = Id::from(id);
    resource::kind(kind).unwrap().read(cloud, std::slice::from_ref(&id)).await.unwrap().remove(&id).unwrap()
}

/// Who may not delete Lambda's interfaces, or not even see them, may delete the subnet: Lambda takes its own away.
#[tokio::test]
async fn without_the_permission_for_interfaces_the_deletion_is_asked_for_all_the_same() {
    const LEFT: &str = "<networkInterfaceSet><item><networkInterfaceId>eni-left</networkInterfaceId><subnetId>subnet-1</subnetId>\
        <status>available</status><description>AWS Lambda VPC ENI-loader-1</description></item></networkInterfaceSet>";
    let (subnets, _) = ec2(|_, _| ok("<subnetSet><item><subnetId>subnet-1</subnetId></item></subnetSet>"));
    let live = read_one("subnet", &subnets, "subnet-1").await;
    for denied in ["DeleteNetworkInterface", "DescribeNetworkInterfaces"] {
        let (cloud, calls) = ec2(move |action, _| match action {
            _ if action == denied => error("UnauthorizedOperation", "you may not"),
            "DescribeNetworkInterfaces" => ok(LEFT),
            _ => ok("<return>true</return>"),
        });
        let kind = resource::kind("subnet").unwrap();
        kind.delete(&cloud, &Id::from("subnet-1"), live.clone()).await.unwrap();
        assert_eq!(calls.of("DeleteSubnet").len(), 1, "{denied}");
    }
}

/// EC2 does not say what holds a VPC: it is named, as far as these credentials may see it.
#[tokio::test]
async fn what_is_in_a_vpc_that_does_not_go_is_named() {
    let (there, _) = ec2(|action, _| match action {
        "DescribeVpcs" => ok("<vpcSet><item><vpcId>vpc-1</vpcId><state>available</state></item></vpcSet>"),
        _ => ok(""),
    });
    let live = read_one("vpc", &there, "vpc-1").await;
    let kind = resource::kind("vpc").unwrap();
    let (cloud, _) = ec2(|action, _| match action {
        "DeleteVpc" => {
            error("DependencyViolation", "The vpc 'vpc-1' has dependencies and cannot be deleted.")
        }
        "DescribeVpcEndpoints" => {
            ok("<vpcEndpointSet><item><vpcEndpointId>vpce-1</vpcEndpointId><vpcId>vpc-1</vpcId>\
            <serviceName>com.amazonaws.eu-west-1.guardduty-data</serviceName></item>\
            <item><vpcEndpointId>vpce-2</vpcEndpointId><vpcId>vpc-2</vpcId></item></vpcEndpointSet>")
        }
        "DescribeSecurityGroups" => ok(
            "<securityGroupInfo><item><groupId>sg-0</groupId><groupName>default</groupName><vpcId>vpc-1</vpcId></item>\
            <item><groupId>sg-1</groupId><groupName>GuardDutyManagedSecurityGroup-vpc-1</groupName><vpcId>vpc-1</vpcId></item></securityGroupInfo>",
        ),
        "DescribeNetworkInterfaces" => ok(
            "<networkInterfaceSet><item><networkInterfaceId>eni-1</networkInterfaceId><vpcId>vpc-1</vpcId></item></networkInterfaceSet>",
        ),
        other => panic!("{other}"),
    });
    let refused = kind.delete(&cloud, &Id::from("vpc-1"), live.clone()).await.unwrap_err();
    assert_eq!(refused.code(), Some("DependencyViolation"), "so that it is tried again");
    let text = refused.to_string();
    assert!(
        text.contains("In use by vpce-1 (com.amazonaws.eu-west-1.guardduty-data), sg-1 (GuardDuty"),
        "{text}"
    );
    assert!(
        text.contains("exclude the VPC there") && text.contains("eni-1") && !text.contains("sg-0"),
        "{text}"
    );
    let (blind, _) = ec2(|action, _| match action {
        "DeleteVpc" => {
            error("DependencyViolation", "The vpc 'vpc-1' has dependencies and cannot be deleted.")
        }
        _ => error("UnauthorizedOperation", "you may not"),
    });
    let refused = kind.delete(&blind, &Id::from("vpc-1"), live).await.unwrap_err();
    assert_eq!(refused.code(), Some("DependencyViolation"));
}
