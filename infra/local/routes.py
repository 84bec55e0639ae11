"""SAM's HttpApi as plain CloudFormation: the emulator ignores `Body`, so its routes become resources of their own."""

from collections.abc import Iterator
from typing import Any, NamedTuple

Resource = dict[str, Any]  # CloudFormation as parsed JSON
Template = dict[str, Any]


class Operation(NamedTuple):
    """One method of one path in the OpenAPI body."""

    method: str
    path: str
    integration_uri: Any  # an intrinsic function
    authorizer: str | None

    @property
    def route_key(self) -> str:
        return f"{'ANY' if 'any-method' in self.method else self.method.upper()} {self.path}"


def expand_http_apis(template: Template) -> int:
    """Replace the `Body` of every HTTP API of a translated template by integrations, routes and authorizers; return how many routes."""
    resources = template["Resources"]
    apis = [name for name, resource in resources.items() if resource["Type"] == "AWS::ApiGatewayV2::Api"]
    return sum(_expand(resources, api) for api in apis if "Body" in resources[api]["Properties"])


def declared_routes(template: Template) -> int:
    """How many routes the functions of a SAM template ask for."""
    functions = (resource for resource in template["Resources"].values() if resource["Type"] == "AWS::Serverless::Function")
    return sum(event["Type"] == "HttpApi" for function in functions for event in function["Properties"].get("Events", {}).values())


def _expand(resources: dict[str, Resource], api: str) -> int:
    properties = resources[api]["Properties"]
    body = properties.pop("Body")
    properties.pop("FailOnWarnings", None)  # belongs to an import of a body
    properties |= {"Name": api, "ProtocolType": "HTTP"}
    if cors := body.get("x-amazon-apigateway-cors"):
        properties["CorsConfiguration"] = cors  # spelt as the API spells it: the emulator stores it as it comes
    schemes = body.get("components", {}).get("securitySchemes", {})
    resources |= {f"{api}{name}Authorizer": _authorizer(api, name, scheme) for name, scheme in schemes.items()}
    operations = list(_operations(body))
    for number, operation in enumerate(operations, start=1):
        resources[f"{api}Integration{number}"] = _integration(api, operation)
        resources[f"{api}Route{number}"] = _route(api, operation, f"{api}Integration{number}")
    return len(operations)


def _operations(body: Template) -> Iterator[Operation]:
    for path, methods in body["paths"].items():
        for method, operation in methods.items():
            names = [name for requirement in operation.get("security", []) for name in requirement if name != "NONE"]
            uri = operation["x-amazon-apigateway-integration"]["uri"]
            yield Operation(method, path, uri, names[0] if names else None)


def _authorizer(api: str, name: str, scheme: Template) -> Resource:
    authorizer = scheme["x-amazon-apigateway-authorizer"]
    return {
        "Type": "AWS::ApiGatewayV2::Authorizer",
        "Properties": {
            "ApiId": {"Ref": api},
            "AuthorizerType": "JWT",
            "Name": name,
            "IdentitySource": [authorizer["identitySource"]],
            "JwtConfiguration": {
                "Issuer": authorizer["jwtConfiguration"]["issuer"],
                "Audience": authorizer["jwtConfiguration"]["audience"],
            },
        },
    }


def _integration(api: str, operation: Operation) -> Resource:
    return {
        "Type": "AWS::ApiGatewayV2::Integration",
        "Properties": {
            "ApiId": {"Ref": api},
            "IntegrationType": "AWS_PROXY",
            "PayloadFormatVersion": "2.0",
            "IntegrationUri": operation.integration_uri,
        },
    }


def _route(api: str, operation: Operation, integration: str) -> Resource:
    properties: Resource = {
        "ApiId": {"Ref": api},
        "RouteKey": operation.route_key,
        "Target": {"Fn::Sub": f"integrations/${{{integration}}}"},
    }
    if operation.authorizer:
        properties |= {"AuthorizationType": "JWT", "AuthorizerId": {"Ref": f"{api}{operation.authorizer}Authorizer"}}
    return {"Type": "AWS::ApiGatewayV2::Route", "Properties": properties}
